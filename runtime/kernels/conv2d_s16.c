/* conv2d_s16: 2-D convolution of 16-bit values, requantized per output channel, one row of the output.
 * x KH rows [IW][IC] of the input, w [OC][KH][KW][IC/G], b, m, s [OC], y [OW][OC] out. G divides IC and OC.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX).
 * XT, YT: integers of 8 or 16 bits; WT: int8_t or int16_t; ACC: int32_t, or int64_t where sums
 * need it; REQUANT(a, m, s) is dg_requant or dg_requant64.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ. */
#include "dg.h"
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
    enum { ICG = IC / G, OCG = OC / G };
    for (dg_idx ox = 0; ox < OW; ox++) {
        const WT DG_ROM *q = w;
        for (dg_idx oc = 0; oc < OC; oc++) {
            ACC acc = b[oc];
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *row = (const XT *)x[ky];
                for (dg_idx kx = 0; kx < KW; kx++, q += ICG) {
                    const dg_idx ix = ox * SW - PL + kx * DW;
                    if (row != NULL && ix >= 0 && ix < IW) {
                        const XT *p = row + ix * IC + oc / OCG * ICG;
                        for (dg_idx ic = 0; ic < ICG; ic++) {
                            acc += (ACC)p[ic] * q[ic];
                        }
                    } else {
                        for (dg_idx ic = 0; XZ != 0 && ic < ICG; ic++) {
                            acc += (ACC)XZ * q[ic];
                        }
                    }
                }
            }
            *y++ = (YT)dg_clamp(REQUANT(acc, m[oc], s[oc]) + YZ, QMIN, QMAX);
        }
    }
}
