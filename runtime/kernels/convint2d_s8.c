/* convint2d_s8: 2-D convolution of 8-bit values with constant weights, its sums as they are, one row of the output.
 * x KH rows [IW][IC] of the input, xz its zero point, w [OC][KH][KW][IC/G], y [OW][OC] out: sum((x - xz) * w), within 31 bits. G divides
 * IC and OC. XT: int8_t or uint8_t; WT: int8_t or int16_t.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as xz. */
#include "dg.h"
#ifndef DG_KERNEL
typedef uint8_t XT;
typedef int8_t WT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
#endif
static void convint2d_s8(DG_ROWS(XT) x, const XT *DG_RESTRICT xz, const WT DG_ROM *DG_RESTRICT w, int32_t *DG_RESTRICT y)
{
    enum { ICG = IC / G, OCG = OC / G };
    const int16_t zero = *xz;
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        const WT DG_ROM *wo = w;
        for (dg_idx oc = 0; oc < OC; oc++, wo += KH * KW * ICG) {
            int32_t acc = 0;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (const XT *)x[ky];
                if (p != NULL) {
                    p += (ix + kx0 * DW) * IC + oc / OCG * ICG;
                    const WT DG_ROM *q = wo + (ky * KW + kx0) * ICG;
                    for (dg_idx kx = kx0; kx < kx1; kx++, p += DW * IC, q += ICG) {
                        for (dg_idx ic = 0; ic < ICG; ic++) {
                            acc += (int32_t)(p[ic] - zero) * q[ic];
                        }
                    }
                }
            }
            *y++ = acc;
        }
    }
}
