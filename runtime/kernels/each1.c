/* each1: an elementwise function of 1 operand of any types.
 * y [D0]...[D5] out; x0 in, read with strides A0 ... A5, 0 where it repeats. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float X0T;
typedef float YT;
enum { D0 = 1, D1 = 1, D2 = 1, D3 = 2, D4 = 3, D5 = 4 };
enum { A0 = 0, A1 = 0, A2 = 0, A3 = 12, A4 = 4, A5 = 1 };
#define EXPR(v0) (v0)
#endif
static void each1(const X0T DG_MEM *x0, YT *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < D0; i++) {
        for (dg_idx j = 0; j < D1; j++) {
            for (dg_idx k = 0; k < D2; k++) {
                for (dg_idx l = 0; l < D3; l++) {
                    for (dg_idx m = 0; m < D4; m++) {
                        const dg_idx a = i * A0 + j * A1 + k * A2 + l * A3 + m * A4;
                        for (dg_idx n = 0; n < D5; n++) {
                            const X0T v0 = x0[a + n * A5];
                            *y++ = EXPR(v0);
                        }
                    }
                }
            }
        }
    }
}
