/* maxpool2d_s16: 2-D max pooling of 16-bit values, XT int16_t or uint16_t, one row of the output.
 * x KH rows [IW][C] of the input, y [OW][C] out. Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a
 * row and rows that are NULL do not count. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int16_t XT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
#endif
static void maxpool2d_s16(DG_ROWS(XT) x, XT *DG_RESTRICT y)
{
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx c = 0; c < C; c++) {
            XT best = (XT)((XT)-1 < 0 ? INT16_MIN : 0);
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (const XT *)x[ky];
                if (p != NULL) {
                    for (dg_idx kx = kx0; kx < kx1; kx++) {
                        const XT v = p[(ix + kx * DW) * C + c];
                        best = v > best ? v : best;
                    }
                }
            }
            *y++ = best;
        }
    }
}
