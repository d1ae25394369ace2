/* dwconvn_s8: depthwise 2-D convolution with weights of 2 or 4 bits, requantized per output channel.
 * x [N][IH][IW][IC] in, w [OC][ceil(KH*KW * BITS / 8)] the first weight in the low bits, b, m, s [OC], y [N][OH][OW][OC] out. IC divides
 * OC: output channel o reads channel o/(OC/IC).
 * y = clamp(round((b + sum((x - XZ) * w)) * m * 2^-s) + YZ, QMIN, QMAX). XT, YT: integers of 8 or 16 bits; ACC: int32_t, or int64_t
 * where sums need it, REQUANT then being dg_requant64.
 * Kernel KH x KW, stride SH, SW, dilation DH, DW, padding PT above and PL to the left; taps outside x count as XZ. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int32_t ACC;
#define REQUANT dg_requant
enum { N = 1, IH = 5, IW = 4, IC = 3, OH = 3, OW = 2, OC = 6, KH = 3, KW = 3, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 1 };
enum { BITS = 4, XZ = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void dwconvn_s8(const XT *DG_RESTRICT x, const uint8_t DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                       const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { TAPS = KH * KW, MASK = (1 << BITS) - 1, SIGN = 1 << (BITS - 1), PER = 8 / BITS };
    for (dg_idx oc = 0; oc < OC; oc++, w += (TAPS + PER - 1) / PER, y++) {
        int8_t wide[TAPS];
        for (dg_idx k = 0; k < TAPS; k++) {
            wide[k] = (int8_t)(((w[k / PER] >> (k % PER * BITS) & MASK) ^ SIGN) - SIGN);
        }
        for (dg_idx n = 0, at = 0; n < N; n++) {
            const XT *image = x + n * ((dg_idx)IH * IW * IC) + oc / (OC / IC);
            for (dg_idx oy = 0; oy < OH; oy++) {
                const dg_idx iy = oy * SH - PT;
                const dg_idx ky0 = iy < 0 ? (-iy + DH - 1) / DH : 0;
                const dg_idx ky1 = iy + (KH - 1) * DH < IH ? KH : (IH - iy + DH - 1) / DH;
                for (dg_idx ox = 0; ox < OW; ox++, at += OC) {
                    const dg_idx ix = ox * SW - PL;
                    const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
                    const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
                    ACC acc = b[oc];
                    for (dg_idx ky = ky0; ky < ky1; ky++) {
                        const XT *p = image + ((iy + ky * DH) * IW + ix + kx0 * DW) * IC;
                        const int8_t *q = wide + ky * KW + kx0;
                        for (dg_idx kx = kx0; kx < kx1; kx++, p += DW * IC, q++) {
                            acc += (ACC)((int32_t)*p - XZ) * *q;
                        }
                    }
                    y[at] = (YT)dg_clamp(REQUANT(acc, m[oc], s[oc]) + YZ, QMIN, QMAX);
                }
            }
        }
    }
}
