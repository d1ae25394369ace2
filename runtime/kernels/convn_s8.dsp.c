/* convn_s8: for cores with DSP instructions, four output channels at a time. Parameters, shapes and results are those of convn_s8.c. */
#include "dg.h"
#include "dg_dsp16.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int32_t ACC;
#define REQUANT dg_requant
enum { N = 1, IH = 5, IW = 4, IC = 4, OH = 3, OW = 2, OC = 6, KH = 3, KW = 3, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 1, G = 2 };
enum { BITS = 4, XZ = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void convn_s8(const XT *DG_RESTRICT x, const uint8_t DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                     const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y, void *DG_RESTRICT scratch)
{
    enum { ICG = IC / G, OCG = OC / G, TAPS = KH * KW * ICG, MASK = (1 << BITS) - 1, SIGN = 1 << (BITS - 1), PER = 8 / BITS, ROWS = DW == 1 && G == 1 };
    const int pairs = sizeof(XT) == 1 || ((XT)-1 < 0 && XZ == 0), is_unsigned = (XT)-1 > 0;
    const uint32_t offset = dg_pair(-XZ);
    int8_t *wide = (int8_t *)scratch;
    for (dg_idx oc = 0, c; oc < OC; oc += c, y += c) {
        const dg_idx left = OCG - oc % OCG;
        c = left < 4 ? left : 4; /* where four do not fit, the others are zeros, whose sums are not used */
        memset(wide + c * TAPS, 0, (size_t)((4 - c) * TAPS));
        for (dg_idx i = 0; i < c; i++, w += (TAPS + PER - 1) / PER) {
            for (dg_idx k = 0; k < TAPS; k++) {
                wide[i * TAPS + k] = (int8_t)(((w[k / PER] >> (k % PER * BITS) & MASK) ^ SIGN) - SIGN);
            }
        }
        for (dg_idx n = 0, at = 0; n < N; n++) {
            const XT *image = x + n * ((dg_idx)IH * IW * IC) + oc / OCG * ICG;
            for (dg_idx oy = 0; oy < OH; oy++) {
                const dg_idx iy = oy * SH - PT;
                const dg_idx ky0 = iy < 0 ? (-iy + DH - 1) / DH : 0;
                const dg_idx ky1 = iy + (KH - 1) * DH < IH ? KH : (IH - iy + DH - 1) / DH;
                for (dg_idx ox = 0; ox < OW; ox++, at += OC) {
                    const dg_idx ix = ox * SW - PL;
                    const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
                    const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
                    ACC a0 = 0, a1 = 0, a2 = 0, a3 = 0;
                    for (dg_idx ky = ky0; ky < ky1; ky++) {
                        for (dg_idx kx = kx0; kx < kx1; kx += ROWS ? KW : 1) {
                            const XT *p = image + ((iy + ky * DH) * IW + ix + kx * DW) * IC;
                            const int8_t *q = wide + (ky * KW + kx) * ICG;
                            dg_idx k = ROWS ? (kx1 - kx0) * ICG : ICG;
                            for (; pairs && k >= 4; k -= 4, p += 4, q += 4) {
                                uint32_t x02, x13;
                                if (sizeof(XT) == 1) {
                                    const uint32_t v = dg_load4(p);
                                    x02 = is_unsigned ? dg_even_u(offset, v) : dg_even(offset, v);
                                    x13 = is_unsigned ? dg_odd_u(offset, v) : dg_odd(offset, v);
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
                                const int32_t v = (int32_t)*p++ - XZ;
                                a0 += (ACC)v * q[0];
                                a1 += (ACC)v * q[TAPS];
                                a2 += (ACC)v * q[2 * TAPS];
                                a3 += (ACC)v * q[3 * TAPS];
                            }
                        }
                    }
                    const ACC acc[4] = { a0, a1, a2, a3 };
                    for (dg_idx k = 0; k < c; k++) {
                        y[at + k] = (YT)dg_clamp(REQUANT(b[oc + k] + acc[k], m[oc + k], s[oc + k]) + YZ, QMIN, QMAX);
                    }
                }
            }
        }
    }
}
