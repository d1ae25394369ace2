/* conv2d_f32: 2-D convolution, one row of the output.
 * x KH rows [IW][IC] of the input, w [OC][KH][KW][IC/G], b [OC], y [OW][OC] out. G divides IC and OC.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as 0. */
#include "dg.h"
#ifndef DG_KERNEL
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
#define POST(v) (v)
#endif
static void conv2d_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y)
{
    enum { ICG = IC / G, OCG = OC / G };
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        const float DG_ROM *wo = w;
        for (dg_idx oc = 0; oc < OC; oc++, wo += KH * KW * ICG) {
            float acc = b[oc];
            for (dg_idx ky = 0; ky < KH; ky++) {
                const float *p = (const float *)x[ky];
                if (p != NULL) {
                    p += (ix + kx0 * DW) * IC + oc / OCG * ICG;
                    const float DG_ROM *q = wo + (ky * KW + kx0) * ICG;
                    for (dg_idx kx = kx0; kx < kx1; kx++, p += DW * IC, q += ICG) {
                        for (dg_idx ic = 0; ic < ICG; ic++) {
                            acc += p[ic] * q[ic];
                        }
                    }
                }
            }
            *y++ = POST(acc);
        }
    }
}
