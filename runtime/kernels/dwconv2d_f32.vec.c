/* dwconv2d_f32: in vectors of channels, where each reads its own input channel. Parameters and shapes are those of dwconv2d_f32.c; products
 * may be exact. */
#include "dg.h"
#include "dg_vec_dw.h"
#include "dg_vec_math.h"
#ifndef DG_KERNEL
enum { IW = 4, IC = 3, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
#define POST(v) (v)
#define VPOST(v) (v)
#endif
static void dwconv2d_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y)
{
    enum { PIXELS = DG_DW_PIXELS(OW), COLUMNS = (PIXELS - 1) * SW + (KW - 1) * DW + 1, VECTORS = IC == OC ? OC : 0 };
    const dg_dw a = { KH, KW, SW, DW, IW, OC };
    for (dg_idx ox = 0; ox < OW; ox += PIXELS) {
        const dg_idx at = DG_TILE_AT(ox, OW, PIXELS), ix = at * SW - PL;
        const int inside = ix >= 0 && ix + COLUMNS <= IW;
        for (dg_idx c = 0; c < VECTORS; c += DG_VL) {
            const int whole = OC % DG_VL == 0 || c + DG_VL <= OC;
            dg_vf sums[PIXELS];
            if (whole) {
                dg_dw_f32(sums, x, c, ix, inside, w, b, a, PIXELS, DG_VL);
            } else {
                dg_dw_f32(sums, x, c, ix, inside, w, b, a, PIXELS, OC % DG_VL);
            }
            DG_WRITTEN_OUT
            for (int p = 0; p < PIXELS; p++) {
                sums[p] = VPOST(sums[p]);
                if (whole) {
                    dg_vstore(y + (at + p) * OC + c, sums[p]);
                } else {
                    dg_vstore_part(y + (at + p) * OC + c, sums[p], OC % DG_VL);
                }
            }
        }
    }
    for (dg_idx i = 0; VECTORS == 0 && i < OW * OC; i++) {
        const dg_idx ix = i / OC * SW - PL, oc = i % OC;
        float acc = b[oc];
        for (dg_idx t = 0; t < KH * KW; t++) {
            const float *row = (const float *)x[t / KW];
            const dg_idx tx = ix + t % KW * DW;
            acc += row != NULL && tx >= 0 && tx < IW ? row[tx * IC + oc / (OC / IC)] * w[t * OC + oc] : 0.0f;
        }
        y[i] = POST(acc);
    }
}
