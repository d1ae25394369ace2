/* pairwise_f32: rows compared with vectors by a kernel function.
 * x [ROWS][FEATURES], v [N][FEATURES] in, y [ROWS][N] out. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { ROWS = 2, N = 3, FEATURES = 4 };
static const float GAMMA = 0.5f, COEF0 = 0.0f, DEGREE = 3.0f;
#define STEP(acc, a, b) (acc + (a) * (b))
#define FINISH(acc) dg_powf(GAMMA * acc + COEF0, DEGREE)
#endif
static void pairwise_f32(const float DG_MEM *DG_RESTRICT x, const float DG_MEM *DG_RESTRICT v, float *DG_RESTRICT y)
{
    const float params[3] = {GAMMA, COEF0, DEGREE};
    (void)params;
    for (dg_idx r = 0; r < ROWS; r++) {
        for (dg_idx n = 0; n < N; n++) {
            float acc = 0.0f;
            for (dg_idx k = 0; k < FEATURES; k++) {
                acc = STEP(acc, x[r * FEATURES + k], v[n * FEATURES + k]);
            }
            *y++ = FINISH(acc);
        }
    }
}
