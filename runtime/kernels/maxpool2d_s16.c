/* maxpool2d_s16: 2-D max pooling of 16-bit values, XT int16_t or uint16_t.
 * x [N][IH][IW][C] in, y [N][OH][OW][C] out. Kernel KH x KW, stride SH, SW, dilation DH, DW, padding PT above and PL to the
 * left; taps outside x do not count. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int16_t XT;
enum { N = 1, IH = 5, IW = 4, C = 3, OH = 3, OW = 2, KH = 2, KW = 2, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 0 };
#endif
static void maxpool2d_s16(const XT *DG_RESTRICT x, XT *DG_RESTRICT y)
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
                    XT best = (XT)((XT)-1 < 0 ? INT16_MIN : 0);
                    for (dg_idx ky = ky0; ky < ky1; ky++) {
                        for (dg_idx kx = kx0; kx < kx1; kx++) {
                            const XT v = x[((iy + ky * DH) * IW + ix + kx * DW) * C + c];
                            best = v > best ? v : best;
                        }
                    }
                    *y++ = best;
                }
            }
        }
    }
}
