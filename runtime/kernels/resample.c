/* resample: weighted sums of elements along an axis.
 * x [OUTER][N][INNER], at and weight [M][TAPS] in; y [OUTER][M][INNER] out; VALUE where a first index is -1. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { OUTER = 2, N = 5, INNER = 3, M = 4, TAPS = 2 };
static const float VALUE = 0.0f;
#endif
static void resample(const T DG_MEM *DG_RESTRICT x, const int32_t DG_ROM *DG_RESTRICT at, const T DG_ROM *DG_RESTRICT weight, T *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx j = 0; j < M; j++) {
            for (dg_idx k = 0; k < INNER; k++) {
                T acc = 0;
                for (dg_idx t = 0; t < TAPS && at[j * TAPS] >= 0; t++) {
                    acc += weight[j * TAPS + t] * x[(o * N + (dg_idx)at[j * TAPS + t]) * INNER + k];
                }
                *y++ = at[j * TAPS] < 0 ? (T)VALUE : acc;
            }
        }
    }
}
