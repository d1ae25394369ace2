/* dwconv2d_block_s8: for cores with Helium, all taps of a channel at a time. Parameters, shapes and results are those of dwconv2d_block_s8.c. */
#include "dg.h"
#include "dg_woven.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t YT;
enum { IW = 4, C = 6, OW = 2, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, COLUMNS = 1, STRIP = 2 };
#endif
static void dwconv2d_block_s8(DG_ROWS(int8_t) x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y, void *scratch)
{
    enum { BYTES = (YT)-1 > 0, WHOLE = C % 4 == 0 && (BYTES ? QMIN <= 0 && QMAX >= 255 : QMIN <= -128 && QMAX >= 127) };
    enum { LANES = C <= 16 ? C : 16, COLUMN = 4 * LANES, FOURS = (KH * KW + 3) / 4, VECTORS = (FOURS + 3) / 4 };
    uint8_t *const tile = (uint8_t *)scratch;
    for (dg_idx ox = 0, n; COLUMNS && ox < OW; ox += n) {
        static const dg_woven a = { { 0, DW * COLUMN, 2 * DW * COLUMN, 3 * DW * COLUMN }, SW * COLUMN, C, YZ, QMIN, QMAX };
        const uint32_t zeros[4] = { (uint8_t)XZ * 0x01010101u, (uint8_t)XZ * 0x01010101u, (uint8_t)XZ * 0x01010101u, (uint8_t)XZ * 0x01010101u };
        n = OW - ox < STRIP ? OW - ox : STRIP;
        const dg_idx first = ox * SW - PL, columns = (n - 1) * SW + (KW - 1) * DW + 1, end = first + columns;
        const dg_idx left = first < 0 ? (first > -columns ? -first : columns) : 0, right = end > IW ? (end < IW + columns - left ? end - IW : columns - left) : 0;
        for (dg_idx c = 0; c < C; c += LANES) {
            const dg_idx lanes = C - c < LANES ? C - c : LANES, inner = columns - left - right;
            dg_weave rows;
            for (dg_idx ky = 0; ky < 4; ky++) {
                const int8_t *row = ky < KH ? (const int8_t *)x[ky] : NULL;
                rows.row[ky] = row != NULL ? (const void *)(row + (first + left) * C + c) : zeros;
                rows.step[ky] = row == NULL ? 0 : C <= 16 ? 16 : C;
            }
            rows.bytes = C <= 16 ? inner * C : lanes;
            rows.less = C <= 16 ? 16 : 0;
            (void)dg_same(tile, XZ, left * COLUMN);
            (KH <= 3 ? dg_weave3 : dg_weave4)(tile + left * COLUMN, &rows, C <= 16 ? (inner * C + 15) / 16 : inner);
            (void)dg_same(tile + (columns - right) * COLUMN, XZ, right * COLUMN);
            (BYTES ? WHOLE ? dg_woven_u8 : dg_woven_u8_any : WHOLE ? dg_woven_s8 : dg_woven_s8_any)(tile, blocks + c / 4 * 28, y + ox * C + c, &a, n, lanes);
        }
    }
    for (dg_idx ox = 0; !COLUMNS && ox < OW; ox++) {
        static const dg_some_taps a = { FOURS, VECTORS, C, YZ, QMIN, QMAX };
        const void *taps[FOURS * 4];
        uint8_t *zeros = NULL;
        for (dg_idx t = 0; t < FOURS * 4; t++) {
            const dg_idx ky = t / KW, ix = ox * SW - PL + t % KW * DW;
            const int8_t *row = ky < KH ? (const int8_t *)x[ky] : NULL;
            if (row != NULL && ix >= 0 && ix < IW) {
                taps[t] = row + ix * C;
                continue;
            }
            if (zeros == NULL) {
                zeros = tile + VECTORS * 256;
                (void)dg_same(zeros, XZ, C);
            }
            taps[t] = zeros;
        }
        (BYTES ? dg_woven_taps_u8 : dg_woven_taps_s8)(taps, blocks, y + ox * C, &a, tile);
    }
}
