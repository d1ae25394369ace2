/* avgpool2d_f32: 2-D average pooling, one row of the output, which is number `row`.
 * x KH rows [IW][C] of the input, which has IH, y [OW][C] out. Kernel KH x KW, stride SH, SW, dilation DH, DW, padding PT above and PL
 * to the left; taps outside a row and rows that are NULL do not count. PAD is 1 where taps in the padding count in the divisor; the
 * padding below and to the right is then PB and PR. */
#include "dg.h"
#ifndef DG_KERNEL
enum { IH = 5, IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SH = 2, SW = 2, DH = 1, DW = 1, PT = 1, PL = 0, PB = 0, PR = 0, PAD = 0 };
#endif
static void avgpool2d_f32(DG_ROWS(float) x, float *DG_RESTRICT y, dg_idx row)
{
    const dg_idx iy = row * SH - PT;
    const dg_idx kyp = iy + (KH - 1) * DH < IH + PB ? KH : (IH + PB - iy + DH - 1) / DH;
    dg_idx rows = 0;
    for (dg_idx ky = 0; ky < KH; ky++) {
        rows += x[ky] != NULL;
    }
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        const dg_idx kxp = ix + (KW - 1) * DW < IW + PR ? KW : (IW + PR - ix + DW - 1) / DW;
        const float count = (float)(PAD ? kyp * kxp : rows * (kx1 - kx0));
        for (dg_idx c = 0; c < C; c++) {
            float sum = 0.0f;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const float *p = (const float *)x[ky];
                if (p != NULL) {
                    for (dg_idx kx = kx0; kx < kx1; kx++) {
                        sum += p[(ix + kx * DW) * C + c];
                    }
                }
            }
            *y++ = sum / count;
        }
    }
}
