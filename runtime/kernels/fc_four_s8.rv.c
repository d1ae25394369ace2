/* fc_four_s8: for RISC-V, sixteen outputs at a time. Parameters, shapes and results are those of fc_four_s8.c. */
#include "dg.h"
#include "dg_rv.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 5, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_four_s8(const XT *DG_RESTRICT x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT p, YT *DG_RESTRICT y)
{
    enum { UNSIGNED = (XT)-1 > 0 };
    const dg_fours a = { K, 1, NO, 0, 0, 1, 2 * YZ + 1, QMIN, QMAX, 4 * K, w, p };
    const void *run = x;
    if (FAST) {
        dg_rv_pixel(&run, y, &a, UNSIGNED ? dg_rv_fours1_u : dg_rv_fours1_s, UNSIGNED);
    } else {
        dg_fours_pixel(&run, y, &a, UNSIGNED, sizeof(YT) == 2, 0);
    }
}
