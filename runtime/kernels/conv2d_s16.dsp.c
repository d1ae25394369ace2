/* conv2d_s16: for cores with DSP instructions, four output channels at a time. Parameters, shapes and results are those of
 * conv2d_s16.c. */
#include "dg.h"
#include "dg_dsp16.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int16_t YT;
typedef int8_t WT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { XZ = 3, YZ = 0, QMIN = -32768, QMAX = 32767 };
#endif
static void conv2d_s16(DG_ROWS(XT) x, const WT DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                       const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { ICG = IC / G, OCG = OC / G, TAPS = KH * KW * ICG, ROWS = DW == 1 && G == 1 }; /* ROWS: the taps of a row are one piece */
    const int pairs = sizeof(XT) == 2 && (XT)-1 < 0 && sizeof(WT) == 1;
    for (dg_idx ox = 0; ox < OW; ox++, y += OC) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx oc = 0, c; oc < OC; oc += c) {
            const dg_idx left = OCG - oc % OCG;
            c = left < 4 ? left : 4; /* the last ones are computed more than once where four do not fit */
            const dg_idx c1 = c > 1 ? 1 : 0, c2 = c > 2 ? 2 : 0, c3 = c > 3 ? 3 : 0;
            ACC a0 = b[oc], a1 = b[oc + c1], a2 = b[oc + c2], a3 = b[oc + c3];
            for (dg_idx ky = 0; ky < KH; ky++) {
                for (dg_idx kx = kx0; x[ky] != NULL && kx < kx1; kx += ROWS ? KW : 1) {
                    const XT *p = (const XT *)x[ky] + (ix + kx * DW) * IC + oc / OCG * ICG;
                    const WT DG_ROM *q0 = w + oc * TAPS + (ky * KW + kx) * ICG;
                    const WT DG_ROM *q1 = q0 + c1 * TAPS, *q2 = q0 + c2 * TAPS, *q3 = q0 + c3 * TAPS;
                    dg_idx k = ROWS ? (kx1 - kx0) * ICG : ICG;
                    for (; pairs && k >= 4; k -= 4, p += 4, q0 += 4, q1 += 4, q2 += 4, q3 += 4) {
                        const uint32_t v = dg_load4(p), u = dg_load4(p + 2), x02 = dg_low(v, u), x13 = dg_high(v, u);
                        DG_FOUR(ACC, a0, x02, x13, dg_load4(q0));
                        DG_FOUR(ACC, a1, x02, x13, dg_load4(q1));
                        DG_FOUR(ACC, a2, x02, x13, dg_load4(q2));
                        DG_FOUR(ACC, a3, x02, x13, dg_load4(q3));
                    }
                    for (; k > 0; k--, p++) {
                        const ACC v = (ACC)*p;
                        a0 += v * *q0++;
                        a1 += v * *q1++;
                        a2 += v * *q2++;
                        a3 += v * *q3++;
                    }
                }
            }
            for (dg_idx t = 0; XZ != 0 && t < KH * KW; t++) {
                if (x[t / KW] == NULL || t % KW < kx0 || t % KW >= kx1) {
                    const WT DG_ROM *q0 = w + oc * TAPS + t * ICG;
                    for (dg_idx k = 0; k < ICG; k++, q0++) {
                        a0 += (ACC)XZ * q0[0];
                        a1 += (ACC)XZ * q0[c1 * TAPS];
                        a2 += (ACC)XZ * q0[c2 * TAPS];
                        a3 += (ACC)XZ * q0[c3 * TAPS];
                    }
                }
            }
            const ACC acc[4] = { a0, a1, a2, a3 };
            for (dg_idx k = 0; k < c; k++) {
                y[oc + k] = (YT)dg_clamp(REQUANT(acc[k], m[oc + k], s[oc + k]) + YZ, QMIN, QMAX);
            }
        }
    }
}
