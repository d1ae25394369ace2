/* maxpool2d_s8: for cores with Helium, 16 channels at a time. Parameters, shapes and results are those of maxpool2d_s8.c. */
#include "dg.h"
#include "dg_elements.h"
#ifndef DG_KERNEL
typedef int8_t XT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
#endif
static void maxpool2d_s8(DG_ROWS(XT) x, XT *DG_RESTRICT y)
{
    for (dg_idx ox = 0; ox < OW; ox++, y += C) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        const void *rows[KH];
        dg_elements_pool a = { 0, kx1 - kx0, DW * C, 0 };
        for (dg_idx ky = 0; ky < KH; ky++) {
            if (x[ky] != NULL && kx1 > kx0) {
                rows[a.rows++] = (const XT *)x[ky] + (ix + kx0 * DW) * C;
            }
        }
        ((XT)-1 > 0 ? dg_pool_max_u8 : dg_pool_max_s8)(y, rows, C, &a);
    }
}
