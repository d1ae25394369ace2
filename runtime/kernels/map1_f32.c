/* map1_f32: an elementwise function of 1 operand.
 * x0 [N] in, y [N] out; y may be x0. */
#include "dg.h"
#ifndef DG_KERNEL
enum { N = 5 };
#define EXPR(v0) (v0)
#endif
static void map1_f32(const float *x0, float *y)
{
    for (dg_idx i = 0; i < N; i++) {
        const float v0 = x0[i];
        y[i] = EXPR(v0);
    }
}
