/* dwconv2d_planes_s8: for cores with DSP instructions, four pixels at a time, two taps to an instruction. Parameters, shapes and results are
 * those of dwconv2d_planes_s8.c. Neighbours of pixel p are loaded as four bytes p ... p+3 and widened to the pairs (p, p+2) and (p+1, p+3),
 * weights likewise. */
#include "dg.h"
#include "dg_planes.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { XW = 6, XR = 12, C = 3, OW = 3, KH = 3, KW = 3, KQ = 1, SW = 2, XP = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void dwconv2d_planes_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT w, YT *DG_RESTRICT y, void *scratch)
{
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, WHOLE = BYTES ? QMIN <= 0 && QMAX >= 255 : QMIN <= -128 && QMAX >= 127 };
    enum { THREE = KH == 3 && KW <= 3 && SW <= 2 && WHOLE };
    const XT *plane[KH];
    dg_idx next[KH];
    uint32_t taps[KH * KQ * 2];
    for (dg_idx ky = 0; ky < KH; ky++) {
        plane[ky] = (const XT *)x[ky];
        next[ky] = XW;
        if (plane[ky] == NULL) {
            plane[ky] = (const XT *)memset(scratch, (XT)XP, XR);
            next[ky] = 0;
        }
    }
    if (THREE) {
        dg_planes a = { { plane[0], plane[1 % KH], plane[2 % KH] }, { next[0], next[1 % KH], next[2 % KH] }, OW, C, C };
        (SW == 1 ? UNSIGNED ? BYTES ? dg_planes3_1uu : dg_planes3_1us : BYTES ? dg_planes3_1su : dg_planes3_1ss
                 : UNSIGNED ? BYTES ? dg_planes3_2uu : dg_planes3_2us : BYTES ? dg_planes3_2su : dg_planes3_2ss)(&a, w, y);
        return;
    }
    for (dg_idx c = 0; c < C; c++, y++, w += 4 + KH * KQ) {
        for (dg_idx k = 0; k < KH * KQ; k++) {
            taps[2 * k] = dg_weven(w[4 + k]);
            taps[2 * k + 1] = dg_wodd(w[4 + k]);
        }
        const int32_t bias = (int32_t)w[0], m = (int32_t)w[1], shift = (int32_t)w[2], half = (int32_t)w[3];
        YT *to = y;
        for (dg_idx ox = 0; ox < OW; ox += 4) {
            int32_t acc[4] = { bias, bias, bias, bias };
            DG_UNROLL
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *from = plane[ky] + ox * SW;
                const uint32_t *t = taps + 2 * ky * KQ;
                DG_UNROLL
                for (dg_idx i = 0; i < 4 * KQ; i++) {
                    const uint32_t v = dg_load4(from + i / KQ * SW + i % KQ * 4);
                    const uint32_t e = UNSIGNED ? dg_weven_u(v) : dg_weven(v), o = UNSIGNED ? dg_wodd_u(v) : dg_wodd(v);
                    acc[i / KQ] = dg_smlad(o, t[i % KQ * 2 + 1], dg_smlad(e, t[i % KQ * 2], acc[i / KQ]));
                }
            }
            DG_UNROLL
            for (dg_idx i = 0; i < 4; i++, to += C) {
                const int32_t twice = dg_smmla(acc[i], m, half) >> shift; /* twice the result */
                if (OW % 4 == 0 || ox + i < OW) {
                    *to = (YT)dg_clamp(twice >> 1, QMIN, QMAX);
                }
            }
        }
        for (dg_idx ky = 0; ky < KH; ky++) {
            plane[ky] += next[ky];
        }
    }
}
