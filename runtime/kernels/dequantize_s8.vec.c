/* dequantize_s8: in vectors of 16 where integers have 8 bits. Parameters, shapes and results are those of dequantize_s8.c. */
#include "dg.h"
#include "dg_vec8.h"
#ifndef DG_KERNEL
typedef int8_t XT;
enum { N = 5, ZERO = 3 };
static const float SCALE = 0.05f;
#endif
static void dequantize_s8(const XT *DG_RESTRICT x, float *DG_RESTRICT y)
{
    enum { WHOLE = sizeof(XT) == 1 ? N / 16 * 16 : 0 };
    for (dg_idx i = 0; i < WHOLE; i += 16) {
        dg_b16 p;
        dg_vi v[DG_BLOCK];
        memcpy(&p, x + i, 16);
        dg_b16_lanes(v, p, (XT)-1 > 0);
        DG_WRITTEN_OUT
        for (int k = 0; k < DG_BLOCK; k++) {
            dg_vstore(y + i + k * DG_VL, __builtin_convertvector(v[k] - ZERO, dg_vf) * SCALE);
        }
    }
    for (dg_idx i = WHOLE; i < N; i++) {
        y[i] = (float)((int32_t)x[i] - ZERO) * SCALE;
    }
}
