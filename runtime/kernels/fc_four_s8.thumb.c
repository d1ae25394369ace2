/* fc_four_s8: for Thumb-2 without DSP instructions, eight outputs at a time. Parameters, shapes and results are those of fc_four_s8.c. */
#include "dg.h"
#include "dg_thumb.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 5, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_four_s8(const XT *DG_RESTRICT x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT p, YT *DG_RESTRICT y)
{
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, BOUND = BYTES ? QMIN > 0 || QMAX < 255 : QMIN > -128 || QMAX < 127 };
    const dg_fours a = { K, 1, NO, 0, 0, 1, 2 * YZ + 1, QMIN, QMAX, 4 * K, w, p };
    const void *run = x;
    if (FAST) {
        dg_pixel(&run, y, &a, (UNSIGNED ? BYTES ? dg_fours1_uu : dg_fours1_us : BYTES ? dg_fours1_su : dg_fours1_ss), (UNSIGNED ? BYTES ? dg_fours2_uu : dg_fours2_us : BYTES ? dg_fours2_su : dg_fours2_ss));
    } else {
        dg_fours_pixel(&run, y, &a, UNSIGNED, sizeof(YT) == 2, 0);
    }
    for (dg_idx j = 0; FAST && BOUND && j < NO; j++) {
        y[j] = (YT)dg_clamp(y[j], QMIN, QMAX);
    }
}
