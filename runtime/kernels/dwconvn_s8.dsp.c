/* dwconvn_s8: for cores with DSP instructions, four channels at a time, where each reads its own input channel of bytes. Parameters,
 * shapes and results are those of dwconvn_s8.c. */
#include "dg.h"
#include "dg_dsp.h"
#include "dg_fixed.h"
#include "dg_packed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { IW = 4, IC = 3, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { BITS = 4, XZ = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void dwconvn_s8(DG_ROWS(XT) x, const uint8_t DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                       const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y, void *DG_RESTRICT scratch)
{
    enum { QUADS = sizeof(XT) == 1 && sizeof(ACC) == 4 && IC == OC ? OC / 4 * 4 : 0, UNSIGNED = (XT)-1 > 0 };
    int8_t *wide = (int8_t *)scratch;
    for (dg_idx t = 0; t < KH * KW; t++, w += (OC * BITS + 7) / 8) {
        dg_unpack(wide + t * OC, w, OC, BITS);
    }
    for (dg_idx ox = 0; ox < OW; ox++, y += OC) {
        const dg_idx ix = ox * SW - PL;
        for (dg_idx oc = 0; oc < QUADS; oc += 4) {
            int32_t acc[4] = { (int32_t)b[oc], (int32_t)b[oc + 1], (int32_t)b[oc + 2], (int32_t)b[oc + 3] };
            for (dg_idx t = 0; t < KH * KW; t++) {
                const XT *row = (const XT *)x[t / KW];
                const dg_idx tx = ix + t % KW * DW;
                const uint32_t v = row != NULL && tx >= 0 && tx < IW ? dg_load4(row + tx * IC + oc) : (uint8_t)XZ * 0x01010101u;
                dg_quad(acc, v, dg_load4(wide + t * OC + oc), UNSIGNED);
            }
            for (dg_idx c = 0; c < 4; c++) {
                y[oc + c] = (YT)dg_clamp(REQUANT(acc[c], m[oc + c], s[oc + c]) + YZ, QMIN, QMAX);
            }
        }
        for (dg_idx oc = QUADS; oc < OC; oc++) {
            ACC acc = b[oc];
            for (dg_idx t = 0; t < KH * KW; t++) {
                const XT *row = (const XT *)x[t / KW];
                const dg_idx tx = ix + t % KW * DW;
                acc += (ACC)(row != NULL && tx >= 0 && tx < IW ? row[tx * IC + oc / (OC / IC)] : (XT)XZ) * wide[t * OC + oc];
            }
            y[oc] = (YT)dg_clamp(REQUANT(acc, m[oc], s[oc]) + YZ, QMIN, QMAX);
        }
    }
}
