/* dynquantize_f32: floats to bytes, with a scale and a zero point of their own.
 * x [N] in, y [N] out, scale and zero [1] out: zero and all of x are within what 255 steps of scale span. scale is 1 where all of x is 0. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { N = 5 };
#endif
static void dynquantize_f32(const float *DG_RESTRICT x, uint8_t *DG_RESTRICT y, float *DG_RESTRICT scale, uint8_t *DG_RESTRICT zero)
{
    float lo = 0.0f, hi = 0.0f, v;
    for (dg_idx i = 0; i < N; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    v = (hi - lo) / 255.0f;
    const float step = v == 0.0f ? 1.0f : v;
    v = dg_rintf(-lo / step);
    const float from = v > 255.0f ? 255.0f : v;
    *scale = step;
    *zero = (uint8_t)from;
    for (dg_idx i = 0; i < N; i++) {
        v = x[i] / step; /* within -255 ... 255, or not a number: adding this rounds to an integer, ties to even */
        v = (v + 12582912.0f) - 12582912.0f + from;
        y[i] = v != v ? *zero : v < 0.0f ? 0 : v > 255.0f ? 255 : (uint8_t)v;
    }
}
