/* map2_f32: in vectors. Parameters, shapes and results are those of map2_f32.c. */
#include "dg.h"
#include "dg_vec_math.h"
#ifndef DG_KERNEL
enum { N = 5 };
#define EXPR(v0, v1) ((v0) + (v1))
#define VEXPR(v0, v1) ((v0) + (v1))
#endif
static void map2_f32(const float *x0, const float *x1, float *y)
{
    enum { WHOLE = N / DG_VL * DG_VL };
    for (dg_idx i = 0; i < WHOLE; i += DG_VL) {
        const dg_vf v0 = dg_vload(x0 + i);
        const dg_vf v1 = dg_vload(x1 + i);
        dg_vstore(y + i, VEXPR(v0, v1));
    }
    for (dg_idx i = WHOLE; i < N; i++) {
        const float v0 = x0[i];
        const float v1 = x1[i];
        y[i] = EXPR(v0, v1);
    }
}
