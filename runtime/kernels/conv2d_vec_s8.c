/* conv2d_vec_s8: 2-D convolution of 8-bit values with weights packed for blocks of 16 output channels, requantized per channel, one row of the
 * output, in vectors.
 * x KH rows [IW][IC] of the input, w [G][(OC/G+15)/16][(KH*KW*IC/G+3)/4][16][4], q [G][(OC/G+15)/16][4][16]: of a block biases, sums of weights
 * times 128, multipliers, shifts less 33; y [OW][OC] out. G divides IC and OC.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). TIES: whether halves can occur,
 * which go to even. FULL: whether a weight is -128. XT: int8_t or uint8_t; YT: also int16_t.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ.
 * scratch: the columns that 24 pixels read, or OW where that is less, of KH rows; then, of so many pixels, the inputs of a group, in fours. */
#include "dg.h"
#include "dg_vec_conv.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1, FULL = 0 };
#endif
static void conv2d_vec_s8(DG_ROWS(XT) x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT q, YT *DG_RESTRICT y, void *scratch)
{
    enum { ICG = IC / G, OCG = OC / G, BLOCKS = (OCG + 15) / 16, INPUTS = (KH * KW * ICG + 3) / 4 * 4, PANEL = 16 * INPUTS, LAST = (OCG - 1) % 16 + 1 };
    enum { JOINED = G == 1 && DW == 1, PLACES = JOINED ? 1 : KW, RUN = JOINED ? KW * IC : ICG, FOURS = RUN % 4 == 0 };
    enum { AT_ONCE = DG_TILE_BLOCKS(OW, BLOCKS, DG_Q_SUMS), SUMS = AT_ONCE * DG_Q_SUMS, PIXELS = DG_TILE_PIXELS(OW, SUMS), COLUMNS = (PIXELS - 1) * SW + (KW - 1) * DW + 1 };
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, FAST = !TIES && sizeof(YT) == 1, SHIFT = DG_Q_SHIFT(UNSIGNED) };
    uint8_t *const inputs = (uint8_t *)scratch + KH * COLUMNS * IC;
    int whole = 1;
    for (int ky = 0; ky < KH; ky++) {
        whole &= x[ky] != NULL;
    }
    for (dg_idx ox = 0; ox < OW; ox += PIXELS) {
        const dg_idx at = DG_TILE_AT(ox, OW, PIXELS), ix = at * SW - PL;
        const void *rows[KH], *columns[1] = { inputs };
        if (whole && ix >= 0 && ix + COLUMNS <= IW) {
            for (int ky = 0; ky < KH; ky++) {
                rows[ky] = (const XT *)x[ky] + ix * IC;
            }
        } else {
            dg_patch(rows, x, KH, scratch, ix, COLUMNS, IW, IC, XZ);
        }
        const int8_t DG_ROM *panel = w;
        const int32_t DG_ROM *block = q;
        for (int g = 0; g < G; g++) {
            if (!FOURS) {
                dg_columns(inputs, rows, KH, PLACES, DW * IC, RUN, SW * IC, INPUTS, PIXELS);
            }
            for (dg_idx b = 0; b < BLOCKS; b += AT_ONCE, panel += AT_ONCE * PANEL) {
                dg_vi sums[PIXELS * SUMS];
                if (FOURS) {
                    dg_conv_q(sums, rows, KH, PLACES, DW * IC, RUN, SW * IC, panel, PANEL, PIXELS, AT_ONCE, UNSIGNED, FULL);
                } else {
                    dg_conv_q(sums, columns, 1, 1, 0, INPUTS, INPUTS, panel, PANEL, PIXELS, AT_ONCE, UNSIGNED, FULL);
                }
                DG_WRITTEN_OUT
                for (int i = 0; i < PIXELS * AT_ONCE; i++) {
                    const int32_t DG_ROM *row = block + i % AT_ONCE * 64;
                    const int n = OCG % 16 == 0 || b + i % AT_ONCE + 1 < BLOCKS ? 16 : LAST;
                    YT *to = y + (at + i / AT_ONCE) * OC + g * OCG + (b + i % AT_ONCE) * 16;
                    dg_vi v[DG_BLOCK];
                    dg_q_scales by;
                    dg_q_channels(v, sums + i * DG_Q_SUMS);
                    DG_WRITTEN_OUT
                    for (int k = 0; k < DG_BLOCK; k++) {
                        v[k] = dg_q_bias(v[k], row + k * DG_VL, SHIFT);
                        by.m[k] = dg_viload(row + 32 + k * DG_VL);
                        by.shift[k] = dg_viload(row + 48 + k * DG_VL);
                    }
                    if (FAST) {
                        const dg_b16 r = dg_q_outputs(v, by, YZ, QMIN, QMAX, BYTES);
                        if (n == 16) {
                            memcpy(to, &r, 16);
                        } else {
                            memcpy(to, &r, LAST);
                        }
                    }
                    for (int k = 0; !FAST && k < n; k++) {
                        to[k] = (YT)dg_clamp(dg_requant(v[k / DG_VL][k % DG_VL], row[32 + k], row[48 + k] + 33, TIES) + YZ, QMIN, QMAX);
                    }
                }
                block += AT_ONCE * 64;
            }
            for (int ky = 0; ky < KH; ky++) {
                rows[ky] = (const XT *)rows[ky] + ICG;
            }
        }
    }
}
