/* poolnd: pooling over up to three axes; channels first. What is made of a window's elements is START, STEP and FINISH; n counts the
 * elements inside x, those of the padding too where PAD is 1.
 * x [NC][ID][IH][IW] in, y [NC][OD][OH][OW] out. Padding PF, PT, PL before, PB, PD, PR behind. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float XT;
typedef float AT;
enum { NC = 2, ID = 1, IH = 5, IW = 4, OD = 1, OH = 3, OW = 2, KD = 1, KH = 2, KW = 2, SD = 1, SH = 2, SW = 2 };
enum { DD = 1, DH = 1, DW = 1, PF = 0, PT = 1, PL = 0, PB = 0, PD = 0, PR = 0, PAD = 0 };
#define START() 0.0f
#define STEP(acc, v) (acc + v)
#define FINISH(acc, n) (acc / n)
#endif
static void poolnd(const XT DG_MEM *DG_RESTRICT x, XT *DG_RESTRICT y)
{
    for (dg_idx c = 0; c < NC; c++) {
        for (dg_idx od = 0; od < OD; od++) {
            for (dg_idx oh = 0; oh < OH; oh++) {
                for (dg_idx ow = 0; ow < OW; ow++) {
                    AT acc = START();
                    dg_idx inside = 0;
                    for (dg_idx k = 0; k < KD * KH * KW; k++) {
                        const dg_idx d = od * SD - PF + k / (KH * KW) * DD, h = oh * SH - PT + k / KW % KH * DH, w = ow * SW - PL + k % KW * DW;
                        if (d >= 0 && d < ID && h >= 0 && h < IH && w >= 0 && w < IW) {
                            const XT v = x[((c * ID + d) * IH + h) * IW + w];
                            acc = STEP(acc, v);
                            inside++;
                        } else if (PAD && d < ID + PB && h < IH + PD && w < IW + PR) {
                            inside++;
                        }
                    }
                    const AT n = (AT)inside;
                    (void)n;
                    *y++ = (XT)FINISH(acc, n);
                }
            }
        }
    }
}
