/* layernorm_f32: rows brought to mean 0 and variance 1, then scaled and shifted.
 * x [ROWS][N] in, g [N], b [N], y [ROWS][N] out. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { ROWS = 2, N = 5 };
static const float EPSILON = 1e-5f;
#endif
static void layernorm_f32(const float *DG_RESTRICT x, const float DG_ROM *DG_RESTRICT g, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y)
{
    for (dg_idx r = 0; r < ROWS; r++, x += N, y += N) {
        float mean = 0.0f, variance = 0.0f;
        for (dg_idx i = 0; i < N; i++) {
            mean += x[i];
        }
        mean /= (float)N;
        for (dg_idx i = 0; i < N; i++) {
            const float d = x[i] - mean;
            variance += d * d;
        }
        const float inv = 1.0f / dg_sqrtf(variance / (float)N + EPSILON);
        for (dg_idx i = 0; i < N; i++) {
            y[i] = (x[i] - mean) * inv * g[i] + b[i];
        }
    }
}
