/* avgpool2d_s8: 2-D average pooling of 8-bit values, one row of the output; every window has the same divisor, which is part of MUL.
 * x KH rows [IW][C] of the input, y [OW][C] out. y = clamp(round(sum(x - XZ) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX); TIES: whether halves
 * can occur, which go to even. XT, YT: int8_t or uint8_t.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1, SHIFT = 33 };
static const int32_t MUL = 1500000000;
#endif
static void avgpool2d_s8(DG_ROWS(XT) x, YT *DG_RESTRICT y)
{
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx c = 0; c < C; c++) {
            int32_t sum = 0;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (const XT *)x[ky];
                if (p != NULL) {
                    for (dg_idx kx = kx0; kx < kx1; kx++) {
                        sum += p[(ix + kx * DW) * C + c] - XZ;
                    }
                }
            }
            *y++ = (YT)dg_clamp(dg_requant(sum, MUL, SHIFT, TIES) + YZ, QMIN, QMAX);
        }
    }
}
