/* avgpool2d_s16: 2-D average pooling of 16-bit values, one row of the output; every window has the same divisor, which is part of MUL.
 * x KH rows [IW][C] of the input, y [OW][C] out. y = clamp(round(sum(x - XZ) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX). XT, YT: integers of 8 or 16 bits;
 * ACC and REQUANT as in conv2d_s16.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int16_t YT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
enum { XZ = 3, YZ = 0, QMIN = -32768, QMAX = 32767, SHIFT = 33 };
static const int32_t MUL = 1500000000;
#endif
static void avgpool2d_s16(DG_ROWS(XT) x, YT *DG_RESTRICT y)
{
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx c = 0; c < C; c++) {
            ACC sum = 0;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (const XT *)x[ky];
                if (p != NULL) {
                    for (dg_idx kx = kx0; kx < kx1; kx++) {
                        sum += (int32_t)p[(ix + kx * DW) * C + c] - XZ;
                    }
                }
            }
            *y++ = (YT)dg_clamp(REQUANT(sum, MUL, SHIFT) + YZ, QMIN, QMAX);
        }
    }
}
