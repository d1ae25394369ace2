/* fc_fpu_f32: for cores with Helium, eight outputs at a time. Parameters and shapes are those of fc_fpu_f32.c, results but for
 * rounding. */
#include "dg.h"
#include "dg_helium_fpu.h"
#ifndef DG_KERNEL
enum { K = 5, NO = 13, ACT = 1 };
static const float LOW = 0.0f, HIGH = 0.0f;
#define POST(v) (v)
#endif
static void fc_fpu_f32(const float *DG_RESTRICT x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y)
{
    const dg_fpu_segment all = { x, 32, K };
    const dg_fpu_tile t = { &all + 1, NO / 8, 0, 0, (1 + K) * 32, 0, ACT, LOW, HIGH, 0, NO % 8 };
    if (NO >= 8) {
        dg_helium_one(&all, w, y, &t);
    }
    if (NO % 8 > 0) {
        dg_fpu_rest(&all, w + NO / 8 * 8 * (1 + K), y + NO / 8 * 8, &t);
    }
    for (dg_idx j = 0; j < NO; j++) {
        y[j] = POST(y[j]);
    }
}
