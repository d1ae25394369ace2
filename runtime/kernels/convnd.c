/* convnd: convolution over up to three axes, with weights that need not be constant; channels first.
 * x [N][IC][ID][IH][IW], w [OC][IC/G][KD][KH][KW], b [OC] in; y [N][OC][OD][OH][OW] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 1, IC = 2, ID = 1, IH = 5, IW = 4, OC = 4, G = 2, OD = 1, OH = 5, OW = 4, KD = 1, KH = 3, KW = 3 };
enum { SD = 1, SH = 1, SW = 1, DD = 1, DH = 1, DW = 1, PF = 0, PT = 1, PL = 1 };
#endif
static void convnd(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT w, const T DG_MEM *DG_RESTRICT b, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N * OC; i++) {
        const dg_idx oc = i % OC, from = (i / OC * IC + oc / (OC / G) * (IC / G)) * (ID * IH * IW);
        for (dg_idx od = 0; od < OD; od++) {
            for (dg_idx oh = 0; oh < OH; oh++) {
                for (dg_idx ow = 0; ow < OW; ow++) {
                    T acc = b[oc];
                    for (dg_idx k = 0; k < IC / G * KD * KH; k++) {
                        const dg_idx d = od * SD - PF + k / KH % KD * DD, h = oh * SH - PT + k % KH * DH;
                        if (d < 0 || d >= ID || h < 0 || h >= IH) {
                            continue;
                        }
                        const dg_idx row = from + ((k / (KD * KH) * ID + d) * IH + h) * IW;
                        for (dg_idx kw = 0; kw < KW; kw++) {
                            const dg_idx v = ow * SW - PL + kw * DW;
                            if (v >= 0 && v < IW) {
                                acc += x[row + v] * w[(oc * (IC / G * KD * KH) + k) * KW + kw];
                            }
                        }
                    }
                    *y++ = acc;
                }
            }
        }
    }
}
