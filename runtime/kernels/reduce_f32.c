/* reduce_f32: elements brought together along one axis.
 * x [OUTER][N][INNER] in, y [OUTER][INNER] out. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { OUTER = 2, N = 5, INNER = 3 };
#define START() 0.0f
#define STEP(acc, v) (acc + v)
#define FINISH(acc, n) (acc / n)
#endif
static void reduce_f32(const float *DG_RESTRICT x, float *DG_RESTRICT y)
{
    const float n = (float)N;
    (void)n;
    for (dg_idx o = 0; o < OUTER; o++, x += N * INNER) {
        for (dg_idx k = 0; k < INNER; k++) {
            float acc = START();
            for (dg_idx i = 0; i < N; i++) {
                const float v = x[i * INNER + k];
                acc = STEP(acc, v);
            }
            *y++ = FINISH(acc, n);
        }
    }
}
