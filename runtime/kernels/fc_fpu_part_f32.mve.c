/* fc_fpu_part_f32: for cores with Helium, eight outputs at a time. Parameters and shapes are those of fc_fpu_part_f32.c, results but for
 * rounding. */
#include "dg.h"
#include "dg_helium_fpu.h"
#ifndef DG_KERNEL
enum { K = 5, ROWS = 2, NO = 13, ACT = 1 };
static const float LOW = 0.0f, HIGH = 0.0f;
#define POST(v) (v)
#endif
static void fc_fpu_part_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y, dg_idx row)
{
    const dg_fpu_segment part = { (const float *)x[0], (1 + row * K) * 32, K };
    const dg_fpu_tile t = { &part + 1, NO / 8, 0, 0, (1 + ROWS * K) * 32, 0, row == ROWS - 1 ? ACT : 0, LOW, HIGH, row > 0, NO % 8 };
    if (NO >= 8) {
        dg_helium_one(&part, w, y, &t);
    }
    if (NO % 8 > 0) {
        dg_fpu_rest(&part, w + NO / 8 * 8 * (1 + ROWS * K), y + NO / 8 * 8, &t);
    }
    for (dg_idx j = 0; row == ROWS - 1 && j < NO; j++) {
        y[j] = POST(y[j]);
    }
}
