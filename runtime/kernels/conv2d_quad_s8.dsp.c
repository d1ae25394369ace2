/* conv2d_quad_s8: for cores with DSP instructions, two pixels by four channels at a time. Parameters, shapes and results are those of
 * conv2d_quad_s8.c. The values that a pixel reads are widened to pairs once for all channels. */
#include "dg.h"
#include "dg_quads.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 3, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1, YW = 0, YL = 0, YP = 0 };
#endif
static void conv2d_quad_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y, void *scratch)
{
    enum { ROW = KW * IC, FOURS = ROW / 4 * 4, LEFT = ROW % 4, REST = (KH * LEFT + 3) / 4 * 4, KP = KH * FOURS + REST };
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, BOUND = BYTES ? QMIN > 0 || QMAX < 255 : QMIN > -128 || QMAX < 127 };
    static const dg_quads a = { KP / 4, OC, YW > 0 ? YW : OC, 2 * YZ + 1, (uint8_t)QMIN * 0x01010101u, (uint8_t)QMAX * 0x01010101u };
    uint32_t *const tile = (uint32_t *)scratch;
    uint8_t *const column = (uint8_t *)(tile + KP);
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
    for (dg_idx ox = 0, pixels; ox < OW; ox += pixels, y += YW > 0 ? pixels : pixels * OC) {
        const dg_idx ix = ox * SW - PL;
        pixels = FAST && ox + 1 < OW ? 2 : 1;
        uint32_t *to = tile;
        if (whole && ix >= 0 && ix + (pixels - 1) * SW + KW <= IW) { /* straight from the rows */
            for (dg_idx ky = 0; FOURS > 0 && ky < KH; ky++) {
                const XT *from = (const XT *)x[ky] + ix * IC;
                to = pixels == 2 ? dg_widen2(to, from, from + SW * IC, FOURS, UNSIGNED) : dg_widen(to, from, FOURS, 1, UNSIGNED);
            }
            for (dg_idx p = 0; LEFT > 0 && p < pixels; p++) {
                const dg_idx at = (ix + p * SW) * IC + FOURS;
                DG_UNROLL
                for (dg_idx g = 0; g < REST; g += 4) {
                    uint32_t four = 0;
                    DG_UNROLL
                    for (dg_idx b = 0; b < 4; b++) {
                        const dg_idx ky = (g + b) / (LEFT > 0 ? LEFT : 1), k = (g + b) % (LEFT > 0 ? LEFT : 1);
                        four |= ky < KH ? (uint32_t)((const uint8_t *)x[ky])[at + k] << (b * 8) : 0;
                    }
                    to[g * pixels / 2 + p] = UNSIGNED ? dg_weven_u(four) : dg_weven(four);
                    to[g * pixels / 2 + pixels + p] = UNSIGNED ? dg_wodd_u(four) : dg_wodd(four);
                }
            }
        } else if (IC % 4 == 0) { /* pixel by pixel */
            for (dg_idx t = 0; t < KH * KW; t++, to += IC / 2 * pixels) {
                const XT *row = (const XT *)x[t / KW];
                for (dg_idx p = 0; p < pixels; p++) {
                    const dg_idx tx = ix + p * SW + t % KW * DW;
                    if (row != NULL && tx >= 0 && tx < IW) {
                        (void)dg_widen(to + p, row + tx * IC, IC, pixels, UNSIGNED);
                    } else {
                        for (dg_idx ic = 0; ic < IC / 2; ic++) {
                            to[p + ic * pixels] = dg_pair(XZ);
                        }
                    }
                }
            }
        } else { /* value by value */
            for (dg_idx p = 0; p < pixels; p++) {
                for (dg_idx k = 0; k < KH * ROW; k++) {
                    const dg_idx ky = k / ROW, at = k % ROW, tx = ix + p * SW + at / IC * DW;
                    const XT *row = (const XT *)x[ky];
                    column[p * KP + (at < FOURS ? ky * FOURS + at : KH * FOURS + ky * LEFT + at - FOURS)] =
                        (uint8_t)(row != NULL && tx >= 0 && tx < IW ? row[tx * IC + at % IC] : (XT)XZ);
                }
            }
            (void)(pixels == 2 ? dg_widen2(tile, column, column + KP, KP, UNSIGNED) : dg_widen(tile, column, KP, 1, UNSIGNED));
        }
        if (FAST && YW == 0 && pixels == 2) {
            (BYTES ? BOUND ? dg_quads2_u8_bound : dg_quads2_u8 : BOUND ? dg_quads2_s8_bound : dg_quads2_s8)(tile, quads, y, &a);
        } else if (FAST && YW == 0) {
            (BYTES ? BOUND ? dg_quads1_u8_bound : dg_quads1_u8 : BOUND ? dg_quads1_s8_bound : dg_quads1_s8)(tile, quads, y, &a);
        } else if (FAST && pixels == 2) {
            (BYTES ? BOUND ? dg_planes2_u8_bound : dg_planes2_u8 : BOUND ? dg_planes2_s8_bound : dg_planes2_s8)(tile, quads, y, &a);
        } else if (FAST) {
            (BYTES ? BOUND ? dg_planes1_u8_bound : dg_planes1_u8 : BOUND ? dg_planes1_s8_bound : dg_planes1_s8)(tile, quads, y, &a);
        }
        const uint32_t DG_ROM *q = quads;
        for (dg_idx oc = 0; !FAST && oc < OC; oc += 4, q += 4 + KP + 5) {
            int32_t sums[4] = { (int32_t)q[0], (int32_t)q[1], (int32_t)q[2], (int32_t)q[3] };
            for (dg_idx k = 0; k < KP; k += 256) {
                dg_quad_sums(tile + k / 2, q + 4 + k, (KP - k < 256 ? KP - k : 256) / 4, sums);
            }
            for (dg_idx c = 0; c < 4 && oc + c < OC; c++) {
                y[YW > 0 ? (oc + c) * YW : oc + c] = (YT)dg_clamp(dg_requant(sums[c], (int32_t)q[4 + KP + c], (int32_t)(q[4 + KP + 4] >> c * 8 & 0xFF), 1) + YZ, QMIN, QMAX);
            }
        }
    }
}
