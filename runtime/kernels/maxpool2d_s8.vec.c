/* maxpool2d_s8: in vectors of 16 channels. Parameters, shapes and results are those of maxpool2d_s8.c. */
#include "dg.h"
#include "dg_vec_pool.h"
#ifndef DG_KERNEL
typedef int8_t XT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
#endif
static void maxpool2d_s8(DG_ROWS(XT) x, XT *DG_RESTRICT y)
{
    enum { UNSIGNED = (XT)-1 > 0, LAST = (C - 1) % 16 + 1 };
    for (dg_idx ox = 0; ox < OW; ox++, y += C) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        dg_pool a = { x, KH, ix * C, DW * C, kx0, kx1 };
        for (dg_idx c = 0; c < C; c += 16, a.at += 16) {
            if (C % 16 == 0 || c + 16 <= C) {
                const dg_b16 most = dg_pool_max_q(a, 16, UNSIGNED);
                memcpy(y + c, &most, 16);
            } else {
                const dg_b16 most = dg_pool_max_q(a, LAST, UNSIGNED);
                memcpy(y + c, &most, LAST);
            }
        }
    }
}
