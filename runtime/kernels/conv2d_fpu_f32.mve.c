/* conv2d_fpu_f32: for cores with Helium, two pixels by eight channels at a time. Parameters and shapes are those of conv2d_fpu_f32.c, results but for
 * rounding. */
#include "dg.h"
#include "dg_helium_fpu.h"
#ifndef DG_KERNEL
enum { IW = 4, IC = 3, OW = 2, OC = 13, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, ACT = 2 };
static const float LOW = 0.0f, HIGH = 6.0f;
#define POST(v) (v)
#endif
static void conv2d_fpu_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y)
{
    enum { FIRST = (PL + SW - 1) / SW, FROM = FIRST < OW ? FIRST : OW, LAST = IW - 1 + PL - (KW - 1) * DW };
    enum { ENDS = LAST < 0 ? 0 : LAST / SW + 1, END = ENDS < OW ? ENDS : OW, TO = END < FROM ? FROM : END };
    static const dg_fpu a = { dg_helium_one, dg_helium_two, OC % 8 > 0 ? dg_fpu_rest : NULL, IW, IC, OW, OC, KH, KW, SW, DW, PL, FROM, TO, IC, DW == 1, ACT };
    dg_fpu_segment list[DW == 1 ? KH : KH * KW];
    dg_fpu_row(x, w, y, list, &a, LOW, HIGH);
    for (dg_idx i = 0; i < OW * OC; i++) {
        y[i] = POST(y[i]);
    }
}
