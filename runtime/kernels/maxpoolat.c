/* maxpoolat: the greatest element of windows over up to three axes, and where it is; channels first.
 * x [NC][ID][IH][IW] in; y [NC][OD][OH][OW] and where, its index in x, out; row by row, or column by column where COLUMNS is 1. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef float T;
enum { NC = 2, ID = 1, IH = 5, IW = 4, OD = 1, OH = 3, OW = 2, KD = 1, KH = 2, KW = 2, SD = 1, SH = 2, SW = 2 };
enum { DD = 1, DH = 1, DW = 1, PF = 0, PT = 1, PL = 0, COLUMNS = 0 };
#define LESS(a, b) ((a) < (b))
#define LOW() (-DG_INF)
#endif
static void maxpoolat(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y, int64_t *DG_RESTRICT where)
{
    for (dg_idx c = 0; c < NC; c++) {
        for (dg_idx od = 0; od < OD; od++) {
            for (dg_idx oh = 0; oh < OH; oh++) {
                for (dg_idx ow = 0; ow < OW; ow++) {
                    dg_idx best = -1;
                    for (dg_idx k = 0; k < KD * KH * KW; k++) {
                        const dg_idx d = od * SD - PF + k / (KH * KW) * DD, h = oh * SH - PT + k / KW % KH * DH, w = ow * SW - PL + k % KW * DW;
                        if (d >= 0 && d < ID && h >= 0 && h < IH && w >= 0 && w < IW) {
                            const dg_idx at = ((c * ID + d) * IH + h) * IW + w;
                            const T v = x[at], b = x[best < 0 ? at : best];
                            best = best < 0 || LESS(b, v) ? at : best;
                        }
                    }
                    *y++ = best < 0 ? LOW() : x[best];
                    best = best < 0 ? 0 : best;
                    *where++ = !COLUMNS ? best : (int64_t)c * (ID * IH * IW) + (best % IW * IH + best / IW % IH) * ID + best / (IH * IW) % ID;
                }
            }
        }
    }
}
