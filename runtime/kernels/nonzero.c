/* nonzero: the coordinates of the elements that are not 0, in order, and how many there are; zeros behind them.
 * x [N] in, of the sizes in shape; y [RANK][N] and count [1] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 6, RANK = 2 };
#endif
static void nonzero(const T DG_MEM *DG_RESTRICT x, const int32_t DG_MEM *shape, int64_t *DG_RESTRICT y, int64_t *DG_RESTRICT count)
{
    dg_idx found = 0;
    for (dg_idx i = 0; i < N; i++) {
        if (x[i] != 0) {
            int32_t rest = i;
            for (dg_idx a = RANK - 1; a >= 0; a--) {
                y[a * N + found] = rest % shape[a];
                rest /= shape[a];
            }
            found++;
        }
    }
    for (dg_idx a = 0; a < RANK; a++) {
        for (dg_idx k = found; k < N; k++) {
            y[a * N + k] = 0;
        }
    }
    count[0] = found;
}
