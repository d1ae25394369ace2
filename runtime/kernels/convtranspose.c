/* convtranspose: transposed convolution over up to three axes; channels first. Each output gathers the inputs that spread to it.
 * x [N][IC][ID][IH][IW], w [IC][OC/G][KD][KH][KW], b [OC] in; y [N][OC][OD][OH][OW] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 1, IC = 2, ID = 1, IH = 3, IW = 3, OC = 4, G = 2, OD = 1, OH = 6, OW = 6, KD = 1, KH = 3, KW = 3 };
enum { SD = 1, SH = 2, SW = 2, DD = 1, DH = 1, DW = 1, PF = 0, PT = 1, PL = 1 };
#endif
static void convtranspose(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT w, const T DG_MEM *DG_RESTRICT b, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N * OC; i++) {
        const dg_idx oc = i % OC, group = oc / (OC / G), from = (i / OC * IC + group * (IC / G)) * (ID * IH * IW);
        for (dg_idx od = 0; od < OD; od++) {
            for (dg_idx oh = 0; oh < OH; oh++) {
                for (dg_idx ow = 0; ow < OW; ow++) {
                    T acc = b[oc];
                    for (dg_idx k = 0; k < KD * KH * KW; k++) {
                        const dg_idx d = od + PF - k / (KH * KW) * DD, h = oh + PT - k / KW % KH * DH, v = ow + PL - k % KW * DW;
                        if (d < 0 || d % SD != 0 || d / SD >= ID || h < 0 || h % SH != 0 || h / SH >= IH || v < 0 || v % SW != 0 || v / SW >= IW) {
                            continue;
                        }
                        const dg_idx at = from + (d / SD * IH + h / SH) * IW + v / SW;
                        for (dg_idx c = 0; c < IC / G; c++) {
                            acc += x[at + c * (ID * IH * IW)] * w[((group * (IC / G) + c) * (OC / G) + oc % (OC / G)) * (KD * KH * KW) + k];
                        }
                    }
                    *y++ = acc;
                }
            }
        }
    }
}
