/* avgpool2d_f32: in vectors of channels. Parameters, shapes and results are those of avgpool2d_f32.c: each channel is summed up in the same order. */
#include "dg.h"
#include "dg_vec_pool.h"
#ifndef DG_KERNEL
enum { IH = 5, IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 0, PB = 0, PR = 0, PAD = 0 };
#endif
static void avgpool2d_f32(DG_ROWS(float) x, float *DG_RESTRICT y, dg_idx row)
{
    enum { VECTORS = DG_POOL_VECTORS(C), WHOLE = C / DG_VL * DG_VL };
    const dg_idx iy = row * SH - PT;
    const dg_idx kyp = iy + (KH - 1) * DH < IH + PB ? KH : (IH + PB - iy + DH - 1) / DH;
    dg_idx rows = 0;
    for (dg_idx ky = 0; ky < KH; ky++) {
        rows += x[ky] != NULL;
    }
    for (dg_idx ox = 0; ox < OW; ox++, y += C) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        const dg_idx kxp = ix + (KW - 1) * DW < IW + PR ? KW : (IW + PR - ix + DW - 1) / DW;
        const float count = (float)(PAD ? kyp * kxp : rows * (kx1 - kx0));
        dg_pool a = { x, KH, ix * C, DW * C, kx0, kx1 };
        for (dg_idx c = 0; c < WHOLE; c += VECTORS * DG_VL, a.at += VECTORS * DG_VL) {
            dg_vf v[VECTORS];
            DG_WRITTEN_OUT
            for (int i = 0; i < VECTORS; i++) {
                v[i] = dg_vset(0.0f);
            }
            dg_pool_sum_f32(v, a, VECTORS, DG_VL);
            DG_WRITTEN_OUT
            for (int i = 0; i < VECTORS; i++) {
                dg_vstore(y + c + i * DG_VL, v[i] / count);
            }
        }
        if (C % DG_VL != 0) {
            dg_vf v = dg_vset(0.0f);
            dg_pool_sum_f32(&v, a, 1, C % DG_VL);
            dg_vstore_part(y + WHOLE, v / count, C % DG_VL);
        }
    }
}
