/* conv2d_block_s8: for cores with Helium, two pixels by four channels at a time. Parameters, shapes and results are those of
 * conv2d_block_s8.c. */
#include "dg.h"
#include "dg_blocks.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1, DIRECT = 0, TILE = 2 };
#endif
static void conv2d_block_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y, void *scratch)
{
    enum { ICG = IC / G, OCG = OC / G, ROW = KW * ICG, TAPS = KH * ROW, CHUNKS = (TAPS + 15) / 16, KP = CHUNKS * 16, WORDS = KP + 12, FOURS = OCG / 4 * 4 };
    enum { FLIP = (XT)-1 > 0 ? 128 : 0, LAST = TAPS - (CHUNKS - 1) * 16, STEP = DIRECT ? SW * IC : KP };
    static const dg_blocks fours = { CHUNKS - 1, LAST, STEP, OC, FOURS * WORDS, FOURS, YZ, QMIN, QMAX };
    static const dg_blocks rest = { CHUNKS - 1, LAST, STEP, 4, 4 * WORDS, 4, YZ, QMIN, QMAX };
    uint8_t *const tile = (uint8_t *)scratch;
    for (dg_idx ox = 0, n; ox < OW; ox += n, y += n * OC) {
        n = OCG % 4 == 0 && DIRECT ? OW : OW - ox < TILE ? OW - ox : TILE;
        for (dg_idx g = 0; g < G; g++) {
            const void *from = DIRECT ? (const void *)((const XT *)x[0] + ox * SW * IC) : tile;
            uint8_t *to = tile;
            for (dg_idx p = 0; !DIRECT && p < n; p++, to = tile + p * KP) {
                const dg_idx ix = (ox + p) * SW - PL;
                const int inside = DW == 1 && G == 1 && ix >= 0 && ix + KW <= IW;
                for (dg_idx ky = 0; ky < KH; ky++) {
                    const XT *row = (const XT *)x[ky];
                    if (row == NULL) {
                        to = dg_same(to, XZ ^ FLIP, ROW);
                    } else if (inside) {
                        to = dg_bytes(to, row + ix * IC, ROW, FLIP);
                    } else {
                        for (dg_idx kx = 0, tx = ix; kx < KW; kx++, tx += DW) {
                            to = tx >= 0 && tx < IW ? dg_bytes(to, row + tx * IC + g * ICG, ICG, FLIP) : dg_same(to, XZ ^ FLIP, ICG);
                        }
                    }
                }
            }
            const uint32_t DG_ROM *w = blocks + g * ((OCG + 3) / 4) * WORDS;
            YT *const at = y + g * OCG;
            if (FAST && FOURS > 0) {
                if (n > 1) {
                    dg_blocks2(from, w, at, &fours, n / 2);
                }
                if (n % 2 != 0) {
                    dg_blocks1((const uint8_t *)from + (n - 1) * STEP, w, at + (n - 1) * OC, &fours, 1);
                }
            }
            if (FAST && OCG % 4 != 0) {
                YT some[TILE * 4];
                dg_blocks1(from, w + FOURS / 4 * WORDS, some, &rest, n);
                for (dg_idx p = 0; p < n; p++) {
                    for (dg_idx c = FOURS; c < OCG; c++) {
                        at[p * OC + c] = some[p * 4 + c - FOURS];
                    }
                }
            }
            for (dg_idx p = 0; !FAST && p < n; p++) {
                static const dg_block_part all = { 0xFFFF, 0xFFFF >> (16 - LAST), 0 };
                const uint32_t DG_ROM *q = w + KP;
                for (dg_idx oc = 0; oc < OCG; oc += 4, q += WORDS) {
                    int32_t sums[4] = { 0, 0, 0, 0 };
                    dg_block_sums(sums, (const uint8_t *)from + p * STEP, q - KP, CHUNKS, &all);
                    for (dg_idx c = 0; c < 4 && oc + c < OCG; c++) {
                        at[p * OC + oc + c] = (YT)dg_clamp(dg_requant((int32_t)q[c] + sums[c], (int32_t)q[4 + c], 32 - (int32_t)q[8 + c], 1) + YZ, QMIN, QMAX);
                    }
                }
            }
        }
    }
}
