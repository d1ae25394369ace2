/* conv2d_four_s8: for Thumb-2 without DSP instructions, two pixels by four channels at a time. Parameters, shapes and results are those of
 * conv2d_four_s8.c. */
#include "dg.h"
#include "dg_thumb.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1, YW = 0, YL = 0, YP = 0 };
#endif
static void conv2d_four_s8(DG_ROWS(XT) x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT p, YT *DG_RESTRICT y, void *DG_RESTRICT scratch)
{
    enum { ROW = KW * IC, TAPS = KH * ROW, NEXT = YW > 0 ? 1 : OC, PLANE = YW > 0 ? YW : 1 };
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, BOUND = BYTES ? QMIN > 0 || QMAX < 255 : QMIN > -128 || QMAX < 127 };
    XT *const column = (XT *)scratch;
    int whole = DW == 1;
    for (dg_idx ky = 0; ky < KH; ky++) {
        whole &= x[ky] != NULL;
    }
    for (dg_idx oc = 0; YW > 0 && oc < OC; oc++) {
        for (dg_idx i = 0; i < YW - OW; i++) {
            y[oc * YW + (i < YL ? i : i + OW)] = (YT)YP;
        }
    }
    for (dg_idx i = 0; YW > 0 && i < YL; i++) {
        y[OC * YW + i] = (YT)YP;
    }
    y += YL;
    dg_fours a = { ROW, KH, OC, SW * IC, NEXT, PLANE, 2 * YZ + 1, QMIN, QMAX, 4 * TAPS, w, p };
    for (dg_idx ox = 0, pixels; ox < OW; ox += pixels) {
        const dg_idx ix = ox * SW - PL;
        pixels = FAST && ox + 1 < OW ? 2 : 1;
        const int inside = whole && ix >= 0 && ix + (pixels - 1) * SW + KW <= IW;
        if (!inside) { /* what the window covers, with its padding */
            XT *to = column;
            for (dg_idx t = 0; t < pixels * KH * KW; t++, to += IC) {
                const XT *row = (const XT *)x[t / KW % KH];
                const dg_idx tx = ix + t / (KH * KW) * SW + t % KW * DW;
                if (row != NULL && tx >= 0 && tx < IW) {
                    DG_COPY(to, row + tx * IC, IC);
                } else {
                    memset(to, (XT)XZ, IC);
                }
            }
        }
        const void *runs[KH] = { column };
        for (dg_idx ky = 0; inside && ky < KH; ky++) {
            runs[ky] = (const XT *)x[ky] + ix * IC;
        }
        a.run = inside ? ROW : TAPS;
        a.count = inside ? KH : 1;
        a.far = inside ? SW * IC : TAPS;
        YT *to = y + ox * NEXT;
        if (!FAST) {
            dg_fours_pixel(runs, to, &a, UNSIGNED, sizeof(YT) == 2, 0);
        } else if (pixels == 2) {
            (UNSIGNED ? BYTES ? dg_fours2_uu : dg_fours2_us : BYTES ? dg_fours2_su : dg_fours2_ss)(runs, to, &a);
        } else {
            dg_pixel(runs, to, &a, (UNSIGNED ? BYTES ? dg_fours1_uu : dg_fours1_us : BYTES ? dg_fours1_su : dg_fours1_ss), (UNSIGNED ? BYTES ? dg_fours2_uu : dg_fours2_us : BYTES ? dg_fours2_su : dg_fours2_ss));
        }
    }
    for (dg_idx i = 0; FAST && BOUND && i < (YW > 0 ? OC * YW : OW * OC); i++) {
        y[i] = (YT)(YW > 0 && i % PLANE >= OW ? y[i] : dg_clamp(y[i], QMIN, QMAX));
    }
}
