/* col2im: blocks added up to the image that they were cut from, over up to three axes.
 * x [NC][KD][KH][KW][OD][OH][OW] in, y [NC][ID][IH][IW] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { NC = 2, ID = 1, IH = 5, IW = 5, OD = 1, OH = 5, OW = 1, KD = 1, KH = 1, KW = 5, SD = 1, SH = 1, SW = 1, DD = 1, DH = 1, DW = 1, PF = 0, PT = 0, PL = 0 };
#endif
static void col2im(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < NC * ID * IH * IW; i++) {
        y[i] = 0;
    }
    for (dg_idx c = 0; c < NC; c++) {
        for (dg_idx k = 0; k < KD * KH * KW; k++) {
            for (dg_idx o = 0; o < OD * OH * OW; o++) {
                const dg_idx d = o / (OH * OW) * SD - PF + k / (KH * KW) * DD, h = o / OW % OH * SH - PT + k / KW % KH * DH, w = o % OW * SW - PL + k % KW * DW;
                if (d >= 0 && d < ID && h >= 0 && h < IH && w >= 0 && w < IW) {
                    y[((c * ID + d) * IH + h) * IW + w] += x[(c * (KD * KH * KW) + k) * (OD * OH * OW) + o];
                }
            }
        }
    }
}
