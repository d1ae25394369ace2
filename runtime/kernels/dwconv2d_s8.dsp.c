/* dwconv2d_s8: for cores with DSP instructions, four channels at a time, where each reads its own input channel. Parameters, shapes
 * and results are those of dwconv2d_s8.c. */
#include "dg.h"
#include "dg_dsp.h"
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
    enum { QUADS = sizeof(WT) == 1 && IC == OC ? OC / 4 * 4 : 0, UNSIGNED = (XT)-1 > 0 };
    int whole = 1;
    for (dg_idx ky = 0; ky < KH; ky++) {
        whole &= x[ky] != NULL;
    }
    for (dg_idx ox = 0; ox < OW; ox++, y += OC) {
        const dg_idx ix = ox * SW - PL;
        const int inside = whole && ix >= 0 && ix + (KW - 1) * DW < IW;
        for (dg_idx oc = 0; oc < QUADS; oc += 4) {
            int32_t acc[4] = { b[oc], b[oc + 1], b[oc + 2], b[oc + 3] };
            const WT DG_ROM *wo = w + oc;
            if (inside) {
                DG_UNROLL
                for (dg_idx t = 0; t < KH * KW; t++) {
                    dg_quad(acc, dg_load4((const XT *)x[t / KW] + (ix + t % KW * DW) * IC + oc), dg_load4(wo + t * OC), UNSIGNED);
                }
            }
            for (dg_idx t = 0; !inside && t < KH * KW; t++) {
                const XT *row = (const XT *)x[t / KW];
                const dg_idx tx = ix + t % KW * DW;
                const uint32_t v = row != NULL && tx >= 0 && tx < IW ? dg_load4(row + tx * IC + oc) : (uint8_t)XZ * 0x01010101u;
                dg_quad(acc, v, dg_load4(wo + t * OC), UNSIGNED);
            }
            for (dg_idx c = 0; c < 4; c++) {
                y[oc + c] = (YT)dg_clamp(dg_requant(acc[c], m[oc + c], s[oc + c], TIES) + YZ, QMIN, QMAX);
            }
        }
        for (dg_idx oc = QUADS; oc < OC; oc++) {
            int32_t acc = b[oc];
            for (dg_idx t = 0; t < KH * KW; t++) {
                const XT *row = (const XT *)x[t / KW];
                const dg_idx tx = ix + t % KW * DW;
                acc += (row != NULL && tx >= 0 && tx < IW ? row[tx * IC + oc / (OC / IC)] : (XT)XZ) * w[t * OC + oc];
            }
            y[oc] = (YT)dg_clamp(dg_requant(acc, m[oc], s[oc], TIES) + YZ, QMIN, QMAX);
        }
    }
}
