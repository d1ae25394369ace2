/* dwconv2d_planes_s8: for RISC-V, with three rows of taps in assembly. Parameters, shapes and results are those of
 * dwconv2d_planes_s8.c. */
#include "dg.h"
#include "dg_rv.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { XW = 6, XR = 12, C = 3, OW = 3, KH = 3, KW = 3, KQ = 1, SW = 2, XP = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void dwconv2d_planes_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT w, YT *DG_RESTRICT y, void *scratch)
{
    enum { UNSIGNED = (XT)-1 > 0, THREE = KH == 3 && KW <= 3 && SW <= 2 };
    const XT *const pad = (const XT *)memset(scratch, (XT)XP, XR);
    if (THREE) {
        dg_rv_taps a = { { 0, 0, 0 }, OW, C, C, QMIN, QMAX, { pad, pad, pad } };
        for (dg_idx ky = 0; ky < KH && ky < 3; ky++) {
            if (x[ky] != NULL) {
                a.plane[ky] = x[ky];
                a.next[ky] = XW;
            }
        }
        (SW == 1 ? UNSIGNED ? dg_rv_taps3_1u : dg_rv_taps3_1s : UNSIGNED ? dg_rv_taps3_2u : dg_rv_taps3_2s)(w, &a, y);
        return;
    }
    for (dg_idx c = 0; c < C; c++, w += 4 + KH * KQ, y++) {
        const int32_t bias = (int32_t)w[0], mul = (int32_t)w[1], shift = (int32_t)w[2];
        for (dg_idx ox = 0; ox < OW; ox += 4) {
            int32_t sums[4] = { bias, bias, bias, bias };
            const dg_idx pixels = OW - ox < 4 ? OW - ox : 4;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (x[ky] != NULL ? (const XT *)x[ky] + c * XW : pad) + ox * SW;
                if (pixels > 1) {
                    DG_NEIGHBOURS(sums, 4, p, SW, w + 4 + ky * KQ, KW)
                } else {
                    DG_NEIGHBOURS(sums, 1, p, SW, w + 4 + ky * KQ, KW)
                }
            }
            DG_UNROLL
            for (dg_idx i = 0; i < 4; i++) {
                if (OW % 4 == 0 || i < pixels) {
                    y[(ox + i) * C] = (YT)dg_clamp((((int32_t)((int64_t)sums[i] * mul >> 32) >> shift) + 2 * YZ + 1) >> 1, QMIN, QMAX);
                }
            }
        }
    }
}
