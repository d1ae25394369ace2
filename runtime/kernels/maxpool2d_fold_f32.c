/* maxpool2d_fold_f32: 2-D max pooling of windows that are KH rows apart, one row of the input, number `row`, at a time.
 * x one row [IW][C], y [OW][C] the greatest of the rows of a window so far. Kernel KW wide, stride SW, dilation DW, padding PL to the left;
 * taps outside the row do not count, nor do rows outside the image, with which the last window may end. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { IH = 4, IW = 4, C = 3, OH = 2, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
#endif
static void maxpool2d_fold_f32(DG_ROWS(float) x, float *DG_RESTRICT y, dg_idx row)
{
    if (OH * KH > IH && row >= IH) {
        return;
    }
    const float *from = (const float *)x[0];
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx c = 0; c < C; c++, y++) {
            float best = row % KH != 0 ? *y : -DG_INF;
            for (dg_idx kx = kx0; kx < kx1; kx++) {
                best = dg_maxf(from[(ix + kx * DW) * C + c], best);
            }
            *y = best;
        }
    }
}
