/* lrn_f32: elements divided by a power of the sum of squares over SIZE neighbouring channels.
 * x [OUTER][N][INNER] in, y the same out. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { OUTER = 1, N = 5, INNER = 3, SIZE = 3 };
static const float ALPHA = 0.0001f, BETA = 0.75f, BIAS = 1.0f;
#endif
static void lrn_f32(const float DG_MEM *DG_RESTRICT x, float *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx c = 0; c < N; c++) {
            const dg_idx lo = c > (SIZE - 1) / 2 ? c - (SIZE - 1) / 2 : 0, hi = c + SIZE / 2 < N ? c + SIZE / 2 : N - 1;
            for (dg_idx k = 0; k < INNER; k++) {
                float sum = 0.0f;
                for (dg_idx j = lo; j <= hi; j++) {
                    const float v = x[(o * N + j) * INNER + k];
                    sum += v * v;
                }
                *y++ = x[(o * N + c) * INNER + k] / dg_powf(BIAS + ALPHA / (float)SIZE * sum, BETA);
            }
        }
    }
}
