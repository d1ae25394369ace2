/* avgpool2d_s16: 2-D average pooling of 16-bit values; every window has the same divisor, which is part of MUL.
 * x [N][IH][IW][C] in, y [N][OH][OW][C] out. y = clamp(round(sum(x - XZ) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX). XT, YT: integers of
 * 8 or 16 bits; ACC and REQUANT as in conv2d_s16.
 * Kernel KH x KW, stride SH, SW, dilation DH, DW, padding PT above and PL to the left; taps outside x count as XZ. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int16_t YT;
typedef int32_t ACC;
#define REQUANT dg_requant
enum { N = 1, IH = 5, IW = 4, C = 3, OH = 3, OW = 2, KH = 2, KW = 2, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 0 };
enum { XZ = 3, YZ = 0, QMIN = -32768, QMAX = 32767, SHIFT = 33 };
static const int32_t MUL = 1500000000;
#endif
static void avgpool2d_s16(const XT *DG_RESTRICT x, YT *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < N; n++, x += (dg_idx)IH * IW * C) {
        for (dg_idx oy = 0; oy < OH; oy++) {
            const dg_idx iy = oy * SH - PT;
            const dg_idx ky0 = iy < 0 ? (-iy + DH - 1) / DH : 0;
            const dg_idx ky1 = iy + (KH - 1) * DH < IH ? KH : (IH - iy + DH - 1) / DH;
            for (dg_idx ox = 0; ox < OW; ox++) {
                const dg_idx ix = ox * SW - PL;
                const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
                const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
                for (dg_idx c = 0; c < C; c++) {
                    ACC sum = 0;
                    for (dg_idx ky = ky0; ky < ky1; ky++) {
                        for (dg_idx kx = kx0; kx < kx1; kx++) {
                            sum += (int32_t)x[((iy + ky * DH) * IW + ix + kx * DW) * C + c] - XZ;
                        }
                    }
                    *y++ = (YT)dg_clamp(REQUANT(sum, MUL, SHIFT) + YZ, QMIN, QMAX);
                }
            }
        }
    }
}
