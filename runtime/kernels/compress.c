/* compress: the slices of an axis whose condition is not 0, and how many there are; zeros behind them.
 * x [OUTER][N][INNER] and condition [MOST] in, MOST <= N; y [OUTER][MOST][INNER] and count [1] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { OUTER = 2, N = 5, INNER = 3, MOST = 4 };
#endif
static void compress(const T DG_MEM *DG_RESTRICT x, const uint8_t DG_MEM *DG_RESTRICT condition, T *DG_RESTRICT y, int64_t *DG_RESTRICT count)
{
    dg_idx kept = 0;
    for (dg_idx i = 0; i < MOST; i++) {
        if (condition[i] != 0) {
            for (dg_idx k = 0; k < OUTER * INNER; k++) {
                y[(k / INNER * MOST + kept) * INNER + k % INNER] = x[(k / INNER * N + i) * INNER + k % INNER];
            }
            kept++;
        }
    }
    for (dg_idx i = kept; i < MOST; i++) {
        for (dg_idx k = 0; k < OUTER * INNER; k++) {
            y[(k / INNER * MOST + i) * INNER + k % INNER] = 0;
        }
    }
    count[0] = kept;
}
