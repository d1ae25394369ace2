/* dwconv2d_s16: depthwise 2-D convolution of 16-bit values, requantized per output channel.
 * x [N][IH][IW][IC] in, w [KH][KW][OC], b, m, s [OC], y [N][OH][OW][OC] out. IC divides OC: output channel o reads channel o/(OC/IC).
 * y = clamp(round((b + sum((x - XZ) * w)) * m * 2^-s) + YZ, QMIN, QMAX). XT, YT: integers of 8 or 16 bits; WT: int8_t or
 * int16_t; ACC: int32_t, or int64_t where sums need it, REQUANT then being dg_requant64.
 * Kernel KH x KW, stride SH, SW, dilation DH, DW, padding PT above and PL to the left; taps outside x count as XZ. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int16_t YT;
typedef int8_t WT;
typedef int32_t ACC;
#define REQUANT dg_requant
enum { N = 1, IH = 5, IW = 4, IC = 3, OH = 3, OW = 2, OC = 6, KH = 3, KW = 3, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 1 };
enum { XZ = 3, YZ = 0, QMIN = -32768, QMAX = 32767 };
#endif
static void dwconv2d_s16(const XT *DG_RESTRICT x, const WT DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                         const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < N; n++, x += (dg_idx)IH * IW * IC) {
        for (dg_idx oy = 0; oy < OH; oy++) {
            const dg_idx iy = oy * SH - PT;
            const dg_idx ky0 = iy < 0 ? (-iy + DH - 1) / DH : 0;
            const dg_idx ky1 = iy + (KH - 1) * DH < IH ? KH : (IH - iy + DH - 1) / DH;
            for (dg_idx ox = 0; ox < OW; ox++) {
                const dg_idx ix = ox * SW - PL;
                const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
                const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
                for (dg_idx oc = 0; oc < OC; oc++) {
                    ACC acc = b[oc];
                    for (dg_idx ky = ky0; ky < ky1; ky++) {
                        const XT *p = x + ((iy + ky * DH) * IW + ix + kx0 * DW) * IC + oc / (OC / IC);
                        const WT DG_ROM *q = w + (ky * KW + kx0) * OC + oc;
                        for (dg_idx kx = kx0; kx < kx1; kx++, p += DW * IC, q += OC) {
                            acc += (ACC)((int32_t)*p - XZ) * *q;
                        }
                    }
                    *y++ = (YT)dg_clamp(REQUANT(acc, m[oc], s[oc]) + YZ, QMIN, QMAX);
                }
            }
        }
    }
}
