/* conv2d_quad_s8: 2-D convolution of 8-bit values with weights packed for four output channels at a time, one row of the output.
 * x KH rows [IW][IC] of the input, quads [(OC+3)/4][4+KP+5] as dg_quads.h has them, y [OW][OC] out.
 * The inputs of a pixel are in this order: of each row the first KW*IC/4*4 values, then what is left of each row; KP is their number,
 * rounded up to a multiple of 4.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). FAST: sums begin with b, and m and s are for rounding the upper
 * word; else b stands alone and halves go to even. XT: int8_t or uint8_t; YT: int16_t, too, where FAST is 0.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ.
 * Where YW is not 0, y is planes instead, [OC][YW] and YL more, a plane having YL elements in front that are YP, then OW, the rest also YP;
 * OC is then a multiple of 4. scratch: 4 * KP bytes, 6 where IC is no multiple of 4. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 3, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1, YW = 0, YL = 0, YP = 0 };
#endif
static void conv2d_quad_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y, void *scratch)
{
    enum { ROW = KW * IC, FOURS = ROW / 4 * 4, LEFT = ROW % 4, KP = KH * FOURS + (KH * LEFT + 3) / 4 * 4, WORDS = 4 + KP + 5 };
    XT *const column = (XT *)scratch;
    for (dg_idx i = 0; YW > 0 && i < OC * YW + YL; i++) {
        y[i] = (YT)YP;
    }
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx t = 0; t < KH * ROW; t++) {
            const dg_idx ky = t / ROW, at = t % ROW, ix = ox * SW - PL + at / IC * DW;
            const XT *row = (const XT *)x[ky];
            column[at < FOURS ? ky * FOURS + at : KH * FOURS + ky * LEFT + at - FOURS] = row != NULL && ix >= 0 && ix < IW ? row[ix * IC + at % IC] : (XT)XZ;
        }
        for (dg_idx oc = 0; oc < OC; oc++) {
            const uint32_t DG_ROM *q = quads + oc / 4 * WORDS;
            int32_t acc = 0;
            for (dg_idx t = 0; t < KH * ROW; t++) { /* input k is in half k/2%2 of the word for k/4*4 + k%2 */
                const int16_t both = (int16_t)(q[4 + t / 4 * 4 + t % 2 * 2 + oc % 4 / 2] >> (t / 2 % 2 * 16) & 0xFFFF);
                const int32_t even = (int8_t)(both & 0xFF);
                acc += column[t] * (oc % 2 == 0 ? even : (both - even) / 256);
            }
            const int32_t m = (int32_t)q[4 + KP + oc % 4], s = (int32_t)(q[4 + KP + 4] >> oc % 4 * 8 & 0xFF);
            if (FAST) {
                const uint32_t two = q[oc % 4 / 2 * 2], even = q[oc % 4 / 2 * 2 + 1];
                acc += oc % 2 == 0 ? (int32_t)even : (int32_t)(two - even) / 256;
                acc = dg_requant(acc, m, 33 + s - oc % 2 * 8, 0);
            } else {
                acc = dg_requant((int32_t)q[oc % 4] + acc, m, s, 1);
            }
            y[YW > 0 ? oc * YW + YL + ox : ox * OC + oc] = (YT)dg_clamp(acc + YZ, QMIN, QMAX);
        }
    }
}
