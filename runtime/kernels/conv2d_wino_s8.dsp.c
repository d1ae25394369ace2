/* conv2d_wino_s8: for cores with DSP instructions, two rows by four pixels by four channels at a time. Parameters, shapes and results are those of
 * conv2d_wino_s8.c. Two rows of the output are computed at once, the second into scratch, where the next call finds it. */
#include "dg.h"
#include "dg_fixed.h"
#include "dg_quad_wino.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 8, OW = 3, OC = 4, PL = 1, XZ = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void conv2d_wino_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    enum { TILES = (OW + 1) / 2, PAIRS = IC / 2, UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0 };
    enum { BOUND = BYTES ? QMIN > 0 || QMAX < 255 : QMIN > -128 || QMAX < 127 };
    YT *const second = (YT *)scratch;
    uint32_t *const columns = (uint32_t *)(void *)((uint8_t *)scratch + (OW * OC + 7) / 8 * 8), *const inputs = columns + 24 * PAIRS;
    int32_t *const sums = (int32_t *)(inputs + 32 * PAIRS);
    uint8_t *const outside = (uint8_t *)(sums + 128);
    if (row % 2 != 0) {
        DG_COPY(y, second, OW * OC);
        return;
    }
    memset(outside, XZ, IC);
    for (dg_idx t = 0; t < TILES; t += 2) {
        const dg_idx again = t + 2 > TILES, ox = 2 * (t - again), ix = ox - PL;
        for (dg_idx k = t > 0 && !again ? 2 : 0; k < 6; k++) {
            const int inside = ix + k >= 0 && ix + k < IW;
            const uint8_t *p[4];
            DG_UNROLL
            for (dg_idx r = 0; r < 4; r++) {
                p[r] = inside && x[r] != NULL ? (const uint8_t *)x[r] + (ix + k) * IC : outside;
            }
            dg_wino16_column(columns + k, p, IC, UNSIGNED);
        }
        dg_wino16_lines(inputs, columns, PAIRS);
        const uint32_t DG_ROM *q = quads;
        for (dg_idx oc = 0; oc < OC; oc += 4, q += 4 + 32 * IC + 5) {
            const uint32_t DG_ROM *const tail = q + 4 + 32 * IC;
            dg_wino16_sums(inputs, q + 4, sums, IC / 4);
            if (!BOUND && ox + 4 <= OW) {
                const dg_wino_rows to = { y + ox * OC + oc, second + ox * OC + oc, OC, 2 * YZ + 1 };
                (BYTES ? dg_wino16_outputs_u8 : dg_wino16_outputs_s8)(sums, q, tail, &to);
                continue;
            }
            for (dg_idx i = 0; i < 8; i++) {
                const dg_idx c = i % 4;
                const int32_t m = (int32_t)tail[c], s = (int32_t)(tail[4] >> c * 8 & 0xFF);
                int32_t out[4];
                dg_wino16_tile(out, sums + i, q[c]);
                for (dg_idx k = 0; k < 4; k++) {
                    const dg_idx at = ox + i / 4 * 2 + k % 2;
                    if (at < OW) {
                        (k < 2 ? y : second)[at * OC + oc + c] = (YT)dg_clamp(dg_requant(out[k], m, 33 + s, 0) + YZ, QMIN, QMAX);
                    }
                }
            }
        }
    }
}
