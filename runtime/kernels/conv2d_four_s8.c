/* conv2d_four_s8: 2-D convolution of 8-bit values, requantized per output channel, one row of the output, four channels at a time.
 * x KH rows [IW][IC] of the input, w [(OC+3)/4][KH][KW][IC][4], p [(OC+3)/4][9]: of each four of channels biases b, multipliers m, and shifts s, a
 * byte each; y [OW][OC] out. y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX), halves to even. FAST: no half occurs, and shifts are
 * less 33. XT: int8_t or uint8_t; YT: int16_t, too, where FAST is 0.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ.
 * Where YW is not 0, y is planes instead, [OC][YW] and YL more, a plane having YL elements in front that are YP, then OW, the rest also YP.
 * scratch: KH * KW * IC elements of as many pixels as are computed at a time. */
#include "dg.h"
#include "dg_fours.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1, YW = 0, YL = 0, YP = 0 };
#endif
static void conv2d_four_s8(DG_ROWS(XT) x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT p, YT *DG_RESTRICT y, void *DG_RESTRICT scratch)
{
    enum { ROW = KW * IC, TAPS = KH * ROW, NEXT = YW > 0 ? 1 : OC, PLANE = YW > 0 ? YW : 1 };
    XT *const column = (XT *)scratch;
    int whole = DW == 1;
    for (dg_idx ky = 0; ky < KH; ky++) {
        whole &= x[ky] != NULL;
    }
    for (dg_idx oc = 0; YW > 0 && oc < OC; oc++) {
        for (dg_idx i = 0; i < YW - OW; i++) {
            y[oc * YW + (i < YL ? i : i + OW)] = (YT)YP;
        }
    }
    for (dg_idx i = 0; YW > 0 && i < YL; i++) {
        y[OC * YW + i] = (YT)YP;
    }
    y += YL;
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL, pixels = 1;
        const int inside = whole && ix >= 0 && ix + KW <= IW;
        if (!inside) { /* what the window covers, with its padding */
            XT *to = column;
            for (dg_idx t = 0; t < pixels * KH * KW; t++, to += IC) {
                const XT *row = (const XT *)x[t / KW % KH];
                const dg_idx tx = ix + t / (KH * KW) * SW + t % KW * DW;
                if (row != NULL && tx >= 0 && tx < IW) {
                    DG_COPY(to, row + tx * IC, IC);
                } else {
                    memset(to, (XT)XZ, IC);
                }
            }
        }
        const int8_t DG_ROM *q = w;
        const int32_t DG_ROM *par = p;
        for (dg_idx oc = 0; oc < OC; oc += 4, par += 9) {
            int32_t sums[4] = { par[0], par[1], par[2], par[3] };
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *from = inside ? (const XT *)x[ky] + ix * IC : column + ky * ROW;
                DG_FOURS(sums, from, q, ROW)
            }
            DG_UNROLL
            for (dg_idx c = 0; c < 4; c++) {
                if (OC % 4 == 0 || oc + c < OC) {
                    y[ox * NEXT + (oc + c) * PLANE] = (YT)dg_four_round(sums[c], par, c, YZ, QMIN, QMAX, FAST);
                }
            }
        }
    }
}
