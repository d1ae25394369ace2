/* conv2d_s8: 2-D convolution of 8-bit values, requantized per output channel, one row of the output.
 * x KH rows [IW][IC] of the input, w [OC][KH][KW][IC/G], b, m, s [OC], y [OW][OC] out. G divides IC and OC.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX); TIES: whether halves can occur, which go to even.
 * XT: int8_t or uint8_t; YT: also int16_t; WT: int8_t or int16_t.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void conv2d_s8(DG_ROWS(XT) x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                      const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { ICG = IC / G, OCG = OC / G };
    for (dg_idx ox = 0; ox < OW; ox++) {
        const WT DG_ROM *q = w;
        for (dg_idx oc = 0; oc < OC; oc++) {
            int32_t acc = b[oc];
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *row = (const XT *)x[ky];
                for (dg_idx kx = 0; kx < KW; kx++, q += ICG) {
                    const dg_idx ix = ox * SW - PL + kx * DW;
                    if (row != NULL && ix >= 0 && ix < IW) {
                        const XT *p = row + ix * IC + oc / OCG * ICG;
                        for (dg_idx ic = 0; ic < ICG; ic++) {
                            acc += (int32_t)p[ic] * q[ic];
                        }
                    } else {
                        for (dg_idx ic = 0; XZ != 0 && ic < ICG; ic++) {
                            acc += (int32_t)XZ * q[ic];
                        }
                    }
                }
            }
            *y++ = (YT)dg_clamp(dg_requant(acc, m[oc], s[oc], TIES) + YZ, QMIN, QMAX);
        }
    }
}
