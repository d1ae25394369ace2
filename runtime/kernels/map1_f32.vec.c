/* map1_f32: in vectors. Parameters, shapes and results are those of map1_f32.c. */
#include "dg.h"
#include "dg_vec_math.h"
#ifndef DG_KERNEL
enum { N = 5 };
#define EXPR(v0) (v0)
#define VEXPR(v0) (v0)
#endif
static void map1_f32(const float *x0, float *y)
{
    enum { WHOLE = N / DG_VL * DG_VL };
    for (dg_idx i = 0; i < WHOLE; i += DG_VL) {
        const dg_vf v0 = dg_vload(x0 + i);
        dg_vstore(y + i, VEXPR(v0));
    }
    for (dg_idx i = WHOLE; i < N; i++) {
        const float v0 = x0[i];
        y[i] = EXPR(v0);
    }
}
