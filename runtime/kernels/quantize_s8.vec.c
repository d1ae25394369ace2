/* quantize_s8: in vectors of 16 where integers have 8 bits. Parameters, shapes and results are those of quantize_s8.c. */
#include "dg.h"
#include "dg_vec8.h"
#include "dg_vec_math.h"
#ifndef DG_KERNEL
typedef int8_t YT;
enum { N = 5, ZERO = 3, QMIN = -128, QMAX = 127 };
static const float SCALE = 0.05f;
#endif
static void quantize_s8(const float *DG_RESTRICT x, YT *DG_RESTRICT y)
{
    enum { WHOLE = sizeof(YT) == 1 ? N / 16 * 16 : 0, UNSIGNED = (YT)-1 > 0 };
    for (dg_idx i = 0; i < WHOLE; i += 16) {
        dg_vi v[DG_BLOCK];
        DG_WRITTEN_OUT
        for (int k = 0; k < DG_BLOCK; k++) { /* beyond the bounds by one at most: then adding 1.5 * 2^23 rounds */
            dg_vf q = dg_vload(x + i + k * DG_VL) / SCALE;
            q = dg_vpick(q < (float)(QMIN - ZERO - 1), dg_vset((float)(QMIN - ZERO - 1)), q);
            q = dg_vpick(q > (float)(QMAX - ZERO + 1), dg_vset((float)(QMAX - ZERO + 1)), q);
            q = dg_vpick(q != q, dg_vset(0.0f), q);
            v[k] = (dg_vi)(q + 12582912.0f) - 0x4B400000;
        }
        dg_b16 r = dg_q_bounded(dg_q_narrow(v, ZERO - UNSIGNED * 128), QMIN - UNSIGNED * 128, QMAX - UNSIGNED * 128);
        r = UNSIGNED ? r ^ (int8_t)-128 : r;
        memcpy(y + i, &r, 16);
    }
    for (dg_idx i = WHOLE; i < N; i++) {
        const float v = dg_rintf(x[i] / SCALE) + (float)ZERO;
        y[i] = v != v ? (YT)ZERO : v < (float)QMIN ? (YT)QMIN : v > (float)QMAX ? (YT)QMAX : (YT)v;
    }
}
