/* take: slices chosen by a table, and a value where the table says -1: borders, repeats and crops along one axis.
 * x [OUTER][N][INNER], at [M], value [1] in, y [OUTER][M][INNER] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { OUTER = 2, N = 5, INNER = 3, M = 4 };
#endif
static void take(const T DG_MEM *DG_RESTRICT x, const int32_t DG_ROM *DG_RESTRICT at, const T DG_MEM *DG_RESTRICT value, T *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx i = 0; i < M; i++) {
            const dg_idx n = (dg_idx)at[i];
            for (dg_idx k = 0; k < INNER; k++) {
                *y++ = n < 0 ? value[0] : x[(o * N + n) * INNER + k];
            }
        }
    }
}
