/* dwconv2d_fpu_f32: for cores with Helium, two pixels by eight channels at a time. Parameters and shapes are those of dwconv2d_fpu_f32.c, results but for
 * rounding. */
#include "dg.h"
#include "dg_helium_fpu.h"
#ifndef DG_KERNEL
enum { IW = 4, C = 13, OW = 2, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, ACT = 2 };
static const float LOW = 0.0f, HIGH = 6.0f;
#define POST(v) (v)
#endif
static void dwconv2d_fpu_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y)
{
    enum { FIRST = (PL + SW - 1) / SW, FROM = FIRST < OW ? FIRST : OW, LAST = IW - 1 + PL - (KW - 1) * DW };
    enum { ENDS = LAST < 0 ? 0 : LAST / SW + 1, END = ENDS < OW ? ENDS : OW, TO = END < FROM ? FROM : END };
    static const dg_fpu a = { dg_helium_each_one, dg_helium_each_two, C % 8 > 0 ? dg_fpu_each_rest : NULL, IW, C, OW, C, KH, KW, SW, DW, PL, FROM, TO, 1, 0, ACT };
    dg_fpu_segment list[KH * KW];
    dg_fpu_row(x, w, y, list, &a, LOW, HIGH);
    for (dg_idx i = 0; i < OW * C; i++) {
        y[i] = POST(y[i]);
    }
}
