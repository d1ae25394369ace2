/* maxpool2d_f32: in vectors of channels. Parameters, shapes and results are those of maxpool2d_f32.c. */
#include "dg.h"
#include "dg_vec_pool.h"
#ifndef DG_KERNEL
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
#endif
static void maxpool2d_f32(DG_ROWS(float) x, float *DG_RESTRICT y)
{
    enum { VECTORS = DG_POOL_VECTORS(C), WHOLE = C / DG_VL * DG_VL };
    for (dg_idx ox = 0; ox < OW; ox++, y += C) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        dg_pool a = { x, KH, ix * C, DW * C, kx0, kx1 };
        for (dg_idx c = 0; c < WHOLE; c += VECTORS * DG_VL, a.at += VECTORS * DG_VL) {
            dg_vf v[VECTORS];
            DG_WRITTEN_OUT
            for (int i = 0; i < VECTORS; i++) {
                v[i] = dg_vset(-DG_INF);
            }
            dg_pool_max_f32(v, a, VECTORS, DG_VL);
            DG_WRITTEN_OUT
            for (int i = 0; i < VECTORS; i++) {
                dg_vstore(y + c + i * DG_VL, v[i]);
            }
        }
        if (C % DG_VL != 0) {
            dg_vf v = dg_vset(-DG_INF);
            dg_pool_max_f32(&v, a, 1, C % DG_VL);
            dg_vstore_part(y + WHOLE, v, C % DG_VL);
        }
    }
}
