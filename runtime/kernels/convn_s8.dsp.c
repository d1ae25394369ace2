/* convn_s8: for cores with DSP instructions, four output channels at a time. Parameters, shapes and results are those of convn_s8.c. */
#include "dg.h"
#include "dg_dsp16.h"
#include "dg_fixed.h"
#include "dg_packed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { BITS = 4, XZ = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void convn_s8(DG_ROWS(XT) x, const uint8_t DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                     const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y, void *DG_RESTRICT scratch)
{
    enum { ICG = IC / G, OCG = OC / G, TAPS = KH * KW * ICG, BYTES = (TAPS * BITS + 7) / 8, ROWS = DW == 1 && G == 1 };
    const int pairs = sizeof(XT) == 1 || (XT)-1 < 0, is_unsigned = (XT)-1 > 0;
    int8_t *wide = (int8_t *)scratch;
    for (dg_idx oc = 0, c; oc < OC; oc += c) {
        const dg_idx left = OCG - oc % OCG;
        c = left < 4 ? left : 4; /* where four do not fit, the others are zeros, whose sums are not used */
        memset(wide + c * TAPS, 0, (size_t)((4 - c) * TAPS));
        for (dg_idx i = 0; i < c; i++, w += BYTES) {
            dg_unpack(wide + i * TAPS, w, TAPS, BITS);
        }
        for (dg_idx ox = 0; ox < OW; ox++) {
            const dg_idx ix = ox * SW - PL;
            const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
            const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
            ACC a0 = 0, a1 = 0, a2 = 0, a3 = 0;
            for (dg_idx ky = 0; ky < KH; ky++) {
                for (dg_idx kx = kx0; x[ky] != NULL && kx < kx1; kx += ROWS ? KW : 1) {
                    const XT *p = (const XT *)x[ky] + (ix + kx * DW) * IC + oc / OCG * ICG;
                    const int8_t *q = wide + (ky * KW + kx) * ICG;
                    dg_idx k = ROWS ? (kx1 - kx0) * ICG : ICG;
                    for (; pairs && k >= 4; k -= 4, p += 4, q += 4) {
                        uint32_t x02, x13;
                        if (sizeof(XT) == 1) {
                            const uint32_t v = dg_load4(p);
                            x02 = is_unsigned ? dg_weven_u(v) : dg_weven(v);
                            x13 = is_unsigned ? dg_wodd_u(v) : dg_wodd(v);
                        } else {
                            const uint32_t v = dg_load4(p), u = dg_load4(p + 2);
                            x02 = dg_low(v, u);
                            x13 = dg_high(v, u);
                        }
                        DG_FOUR(ACC, a0, x02, x13, dg_load4(q));
                        DG_FOUR(ACC, a1, x02, x13, dg_load4(q + TAPS));
                        DG_FOUR(ACC, a2, x02, x13, dg_load4(q + 2 * TAPS));
                        DG_FOUR(ACC, a3, x02, x13, dg_load4(q + 3 * TAPS));
                    }
                    for (; k > 0; k--, q++) {
                        const ACC v = (ACC)*p++;
                        a0 += v * q[0];
                        a1 += v * q[TAPS];
                        a2 += v * q[2 * TAPS];
                        a3 += v * q[3 * TAPS];
                    }
                }
            }
            for (dg_idx t = 0; XZ != 0 && t < KH * KW; t++) {
                if (x[t / KW] == NULL || t % KW < kx0 || t % KW >= kx1) {
                    const int8_t *q = wide + t * ICG;
                    dg_idx k = ICG;
                    for (; pairs && k >= 4; k -= 4, q += 4) {
                        DG_FOUR(ACC, a0, dg_pair(XZ), dg_pair(XZ), dg_load4(q));
                        DG_FOUR(ACC, a1, dg_pair(XZ), dg_pair(XZ), dg_load4(q + TAPS));
                        DG_FOUR(ACC, a2, dg_pair(XZ), dg_pair(XZ), dg_load4(q + 2 * TAPS));
                        DG_FOUR(ACC, a3, dg_pair(XZ), dg_pair(XZ), dg_load4(q + 3 * TAPS));
                    }
                    for (; k > 0; k--, q++) {
                        a0 += (ACC)XZ * q[0];
                        a1 += (ACC)XZ * q[TAPS];
                        a2 += (ACC)XZ * q[2 * TAPS];
                        a3 += (ACC)XZ * q[3 * TAPS];
                    }
                }
            }
            const ACC acc[4] = { a0, a1, a2, a3 };
            for (dg_idx k = 0; k < c; k++) {
                y[ox * OC + oc + k] = (YT)dg_clamp(REQUANT(b[oc + k] + acc[k], m[oc + k], s[oc + k]) + YZ, QMIN, QMAX);
            }
        }
    }
}
