/* dwconvn_s8: depthwise 2-D convolution with weights of 2 or 4 bits, requantized per output channel, one row of the output.
 * x KH rows [IW][IC] of the input, w [KH*KW][ceil(OC * BITS / 8)] the first weight in the low bits, b, m, s [OC], y [OW][OC] out, scratch of
 * KH*KW*OC bytes: the weights. IC divides OC: output channel o reads channel o/(OC/IC).
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). XT, YT: integers of 8 or 16 bits; ACC: int32_t, or int64_t
 * where sums need it; REQUANT(a, m, s) is dg_requant or dg_requant64.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ. */
#include "dg.h"
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
    int8_t *wide = (int8_t *)scratch;
    for (dg_idx t = 0; t < KH * KW; t++, w += (OC * BITS + 7) / 8) {
        dg_unpack(wide + t * OC, w, OC, BITS);
    }
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx oc = 0; oc < OC; oc++) {
            ACC acc = b[oc];
            const int8_t *q = wide + oc;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *row = (const XT *)x[ky];
                for (dg_idx kx = 0; kx < KW; kx++, q += OC) {
                    const dg_idx ix = ox * SW - PL + kx * DW;
                    acc += (ACC)(row != NULL && ix >= 0 && ix < IW ? row[ix * IC + oc / (OC / IC)] : (XT)XZ) * *q;
                }
            }
            *y++ = (YT)dg_clamp(REQUANT(acc, m[oc], s[oc]) + YZ, QMIN, QMAX);
        }
    }
}
