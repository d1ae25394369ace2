/* map2_f32: an elementwise function of 2 operands.
 * x0, x1 [N] in, y [N] out; y may be any of them. */
#include "dg.h"
#ifndef DG_KERNEL
enum { N = 5 };
#define EXPR(v0, v1) ((v0) + (v1))
#endif
static void map2_f32(const float *x0, const float *x1, float *y)
{
    for (dg_idx i = 0; i < N; i++) {
        const float v0 = x0[i];
        const float v1 = x1[i];
        y[i] = EXPR(v0, v1);
    }
}
