/* dwconv2d_s8: in vectors of 16 channels, where each reads its own input channel. Parameters, shapes and results are those of dwconv2d_s8.c. */
#include "dg.h"
#include "dg_vec_dw.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { IW = 4, IC = 3, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void dwconv2d_s8(DG_ROWS(XT) x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                        const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { PIXELS = DG_DWQ_PIXELS(OW), COLUMNS = (PIXELS - 1) * SW + (KW - 1) * DW + 1, VECTORS = IC == OC ? OC : 0, LAST = (OC - 1) % 16 + 1 };
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, FAST = !TIES && sizeof(YT) == 1 };
    const dg_dw a = { KH, KW, SW, DW, IW, OC };
    for (dg_idx c = 0; c < VECTORS; c += 16) {
        const int n = OC % 16 == 0 || c + 16 <= OC ? 16 : LAST;
        const dg_q_scales by = n == 16 ? dg_q_scales_of(m + c, s + c, 16) : dg_q_scales_of(m + c, s + c, LAST);
        for (dg_idx ox = 0; ox < OW; ox += PIXELS) {
            const dg_idx at = DG_TILE_AT(ox, OW, PIXELS), ix = at * SW - PL;
            const int inside = ix >= 0 && ix + COLUMNS <= IW;
            dg_vi sums[PIXELS * DG_BLOCK];
            if (n == 16) {
                dg_dw_q(sums, x, c, ix, inside, w, b, a, PIXELS, 16, sizeof(WT), UNSIGNED, XZ);
            } else {
                dg_dw_q(sums, x, c, ix, inside, w, b, a, PIXELS, LAST, sizeof(WT), UNSIGNED, XZ);
            }
            DG_WRITTEN_OUT
            for (int p = 0; p < PIXELS; p++) {
                YT *to = y + (at + p) * OC + c;
                const dg_vi *v = sums + p * DG_BLOCK;
                if (FAST) {
                    const dg_b16 r = dg_q_outputs(v, by, YZ, QMIN, QMAX, BYTES);
                    if (n == 16) {
                        memcpy(to, &r, 16);
                    } else {
                        memcpy(to, &r, LAST);
                    }
                }
                for (int k = 0; !FAST && k < n; k++) {
                    to[k] = (YT)dg_clamp(dg_requant(v[k / DG_VL][k % DG_VL], m[c + k], s[c + k], TIES) + YZ, QMIN, QMAX);
                }
            }
        }
    }
    for (dg_idx i = 0; VECTORS == 0 && i < OW * OC; i++) {
        const dg_idx ix = i / OC * SW - PL, oc = i % OC;
        int32_t acc = b[oc];
        for (dg_idx t = 0; t < KH * KW; t++) {
            const XT *row = (const XT *)x[t / KW];
            const dg_idx tx = ix + t % KW * DW;
            acc += (int32_t)(row != NULL && tx >= 0 && tx < IW ? row[tx * IC + oc / (OC / IC)] : (XT)XZ) * w[t * OC + oc];
        }
        y[i] = (YT)dg_clamp(dg_requant(acc, m[oc], s[oc], TIES) + YZ, QMIN, QMAX);
    }
}
