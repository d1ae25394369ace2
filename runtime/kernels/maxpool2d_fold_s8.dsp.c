/* maxpool2d_fold_s8: for cores with DSP instructions, four channels at a time. Parameters, shapes and results are those of
 * maxpool2d_fold_s8.c. */
#include "dg.h"
#include "dg_dsp.h"
#ifndef DG_KERNEL
typedef int8_t XT;
enum { IH = 4, IW = 4, C = 3, OH = 2, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
#endif
static void maxpool2d_fold_s8(DG_ROWS(XT) x, XT *DG_RESTRICT y, dg_idx row)
{
    enum { UNSIGNED = (XT)-1 > 0, FOURS = C / 4 * 4 };
    if (OH * KH > IH && row >= IH) {
        return;
    }
    const XT *from = (const XT *)x[0];
    const uint32_t least = UNSIGNED ? 0 : 0x80808080u;
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx c = 0; c < FOURS; c += 4, y += 4) {
            uint32_t best = row % KH != 0 ? dg_load4(y) : least;
            for (dg_idx kx = kx0; kx < kx1; kx++) {
                const uint32_t v = dg_load4(from + (ix + kx * DW) * C + c);
                best = UNSIGNED ? dg_max4_u(v, best) : dg_max4(v, best);
            }
            dg_store4(y, best);
        }
        for (dg_idx c = FOURS; c < C; c++, y++) {
            XT best = row % KH != 0 ? *y : (XT)(UNSIGNED ? 0 : -128);
            for (dg_idx kx = kx0; kx < kx1; kx++) {
                const XT v = from[(ix + kx * DW) * C + c];
                best = v > best ? v : best;
            }
            *y = best;
        }
    }
}
