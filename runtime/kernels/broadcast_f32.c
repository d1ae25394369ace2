/* broadcast_f32: an elementwise function of two operands that repeat along some dimensions.
 * y [D0][D1][D2][D3] out; x0 and x1 in, read with strides A0 ... A3 and B0 ... B3, 0 where they repeat. */
#include "dg.h"
#ifndef DG_KERNEL
enum { D0 = 1, D1 = 2, D2 = 3, D3 = 4, A0 = 0, A1 = 12, A2 = 4, A3 = 1, B0 = 0, B1 = 0, B2 = 1, B3 = 0 };
#define EXPR(v0, v1) ((v0) + (v1))
#endif
static void broadcast_f32(const float *DG_RESTRICT x0, const float *DG_RESTRICT x1, float *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < D0; i++) {
        for (dg_idx j = 0; j < D1; j++) {
            for (dg_idx k = 0; k < D2; k++) {
                const float *a = x0 + i * A0 + j * A1 + k * A2;
                const float *b = x1 + i * B0 + j * B1 + k * B2;
                for (dg_idx l = 0; l < D3; l++) {
                    const float v0 = a[l * A3], v1 = b[l * B3];
                    *y++ = EXPR(v0, v1);
                }
            }
        }
    }
}
