/* map3_f32: an elementwise function of 3 operands.
 * x0, x1, x2 [N] in, y [N] out; y may be any of them. */
#include "dg.h"
#ifndef DG_KERNEL
enum { N = 5 };
#define EXPR(v0, v1, v2) ((v0) * (v1) + (v2))
#endif
static void map3_f32(const float *x0, const float *x1, const float *x2, float *y)
{
    for (dg_idx i = 0; i < N; i++) {
        const float v0 = x0[i];
        const float v1 = x1[i];
        const float v2 = x2[i];
        y[i] = EXPR(v0, v1, v2);
    }
}
