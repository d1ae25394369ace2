/* strided: a copy that reads with any strides: transposes, slices, repeats.
 * x in, read from element FROM with strides S0 ... S5; y [D0][D1][D2][D3][D4][D5] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t T;
enum { D0 = 1, D1 = 1, D2 = 1, D3 = 2, D4 = 3, D5 = 4, S0 = 0, S1 = 0, S2 = 0, S3 = 1, S4 = 8, S5 = 2, FROM = 0 };
#endif
static void strided(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y)
{
    for (dg_idx a = 0; a < D0; a++) {
        for (dg_idx b = 0; b < D1; b++) {
            for (dg_idx c = 0; c < D2; c++) {
                for (dg_idx d = 0; d < D3; d++) {
                    for (dg_idx e = 0; e < D4; e++) {
                        const dg_idx at = FROM + a * S0 + b * S1 + c * S2 + d * S3 + e * S4;
                        for (dg_idx f = 0; f < D5; f++) {
                            *y++ = x[at + f * S5];
                        }
                    }
                }
            }
        }
    }
}
