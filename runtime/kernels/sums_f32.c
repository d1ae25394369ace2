/* sums_f32: sums of products of integers to floats, with a scale and a bias per channel.
 * x [M][C] in, xs [1] the scale of the activation, ws, b [C], y [M][C] out: x * (xs * ws) + b; y may be x. */
#include "dg.h"
#ifndef DG_KERNEL
enum { M = 2, C = 5 };
#define POST(v) (v)
#endif
static void sums_f32(const int32_t *x, const float *DG_RESTRICT xs, const float DG_ROM *DG_RESTRICT ws, const float DG_ROM *DG_RESTRICT b, float *y)
{
    for (dg_idx i = 0; i < M; i++, x += C, y += C) {
        for (dg_idx c = 0; c < C; c++) {
            const float v = (float)x[c] * (*xs * ws[c]) + b[c];
            y[c] = POST(v);
        }
    }
}
