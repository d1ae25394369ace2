/* avgpool2d_fold_s8: for cores with Helium, four channels at a time where no half can occur. Parameters, shapes and results are those of
 * avgpool2d_fold_s8.c. */
#include "dg.h"
#include "dg_elements.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1, SHIFT = 33 };
static const int32_t MUL = 1500000000;
#endif
static void avgpool2d_fold_s8(DG_ROWS(XT) x, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    const XT *from = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        if (!TIES && (XT)-1 < 0 && sizeof(YT) == 1) {
            const void *at = from + (ix + kx0 * DW) * C;
            const dg_elements_pool a = { kx1 > kx0, kx1 - kx0, DW * C, row % KH != 0 };
            const dg_mean b = { sums, kx1 > kx0 ? -XZ * (kx1 - kx0) : 0, row % KH == KH - 1, MUL, 32 - SHIFT, YZ, QMIN, QMAX };
            dg_pool_mean_s8(y, &at, C, &a, &b);
            y += C;
            sums += C;
            continue;
        }
        for (dg_idx c = 0; c < C; c++, sums++, y++) {
            int32_t sum = row % KH != 0 ? *sums : 0;
            for (dg_idx kx = kx0; kx < kx1; kx++) {
                sum += from[(ix + kx * DW) * C + c] - XZ;
            }
            *sums = sum;
            if (row % KH == KH - 1) {
                *y = (YT)dg_clamp(dg_requant(sum, MUL, SHIFT, TIES) + YZ, QMIN, QMAX);
            }
        }
    }
}
