/* softmax_f32: exponentials that sum to 1.
 * x [OUTER][N][INNER] in, y the same out; rows run along N. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { OUTER = 2, N = 5, INNER = 3 };
#endif
static void softmax_f32(const float *DG_RESTRICT x, float *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx k = 0; k < INNER; k++) {
            const float *p = x + o * (N * INNER) + k;
            float *q = y + o * (N * INNER) + k;
            float most = p[0], sum = 0.0f;
            for (dg_idx i = 1; i < N; i++) {
                most = dg_maxf(p[i * INNER], most);
            }
            for (dg_idx i = 0; i < N; i++) {
                const float e = dg_expf(p[i * INNER] - most);
                q[i * INNER] = e;
                sum += e;
            }
            for (dg_idx i = 0; i < N; i++) {
                q[i * INNER] /= sum;
            }
        }
    }
}
