/* dwconv2d_s8: for cores with DSP instructions, four channels at a time, where each reads its own input channel. Parameters, shapes
 * and results are those of dwconv2d_s8.c. */
#include "dg.h"
#include "dg_dsp.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { N = 1, IH = 5, IW = 4, IC = 3, OH = 3, OW = 2, OC = 6, KH = 3, KW = 3, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void dwconv2d_s8(const XT *DG_RESTRICT x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                        const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { QUADS = sizeof(WT) == 1 && IC == OC ? OC / 4 * 4 : 0, UNSIGNED = (XT)-1 > 0 };
    const uint32_t offset = dg_pair(-XZ);
    for (dg_idx n = 0; n < N; n++, x += (dg_idx)IH * IW * IC) {
        for (dg_idx oy = 0; oy < OH; oy++) {
            const dg_idx iy = oy * SH - PT;
            const dg_idx ky0 = iy < 0 ? (-iy + DH - 1) / DH : 0;
            const dg_idx ky1 = iy + (KH - 1) * DH < IH ? KH : (IH - iy + DH - 1) / DH;
            for (dg_idx ox = 0; ox < OW; ox++, y += OC) {
                const dg_idx ix = ox * SW - PL;
                const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
                const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
                const int inside = ky0 == 0 && ky1 == KH && kx0 == 0 && kx1 == KW;
                for (dg_idx oc = 0; oc < QUADS; oc += 4) {
                    int32_t acc[4] = { b[oc], b[oc + 1], b[oc + 2], b[oc + 3] };
                    const XT *from = x + (iy * IW + ix) * IC + oc;
                    const WT DG_ROM *wo = w + oc;
                    if (inside) {
                        DG_UNROLL
                        for (dg_idx t = 0; t < KH * KW; t++) {
                            dg_quad(acc, dg_load4(from + (t / KW * DH * IW + t % KW * DW) * IC), dg_load4(wo + t * OC), offset, UNSIGNED);
                        }
                    }
                    for (dg_idx ky = ky0; !inside && ky < ky1; ky++) {
                        for (dg_idx kx = kx0; kx < kx1; kx++) {
                            dg_quad(acc, dg_load4(from + (ky * DH * IW + kx * DW) * IC), dg_load4(wo + (ky * KW + kx) * OC), offset, UNSIGNED);
                        }
                    }
                    for (dg_idx c = 0; c < 4; c++) {
                        y[oc + c] = (YT)dg_clamp(dg_requant(acc[c], m[oc + c], s[oc + c], TIES) + YZ, QMIN, QMAX);
                    }
                }
                for (dg_idx oc = QUADS; oc < OC; oc++) {
                    int32_t acc = b[oc];
                    for (dg_idx ky = ky0; ky < ky1; ky++) {
                        const XT *p = x + ((iy + ky * DH) * IW + ix + kx0 * DW) * IC + oc / (OC / IC);
                        const WT DG_ROM *q = w + (ky * KW + kx0) * OC + oc;
                        for (dg_idx kx = kx0; kx < kx1; kx++, p += DW * IC, q += OC) {
                            acc += (*p - XZ) * *q;
                        }
                    }
                    y[oc] = (YT)dg_clamp(dg_requant(acc, m[oc], s[oc], TIES) + YZ, QMIN, QMAX);
                }
            }
        }
    }
}
