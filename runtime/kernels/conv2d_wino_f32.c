/* conv2d_wino_f32: 2-D convolution of three by three taps, without stride and dilation, by Winograd's F(2x2, 3x3), two rows of the output, in
 * vectors.
 * x 4 rows [IW][IC] of the input, w [(OC+15)/16][16][1+IC][16]: of a block, for each of 16 places, the transformed biases, then the weights;
 * y [2][OW][OC] out. Padding PL to the left; taps outside a row and rows that are NULL count as 0.
 * scratch: 64 bytes to align it, [16][24][(IC+15)/16*16] transformed inputs, or (OW+1)/2 of them where that is less, then [16][24][16] sums. */
#include "dg.h"
#include "dg_vec_conv.h"
#include "dg_vec_math.h"
#include "dg_vec_wino.h"
#ifndef DG_KERNEL
enum { IW = 4, IC = 3, OW = 3, OC = 5, PL = 1 };
#define VPOST(v) (v)
#endif
static void conv2d_wino_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y, void *scratch)
{
    enum { BLOCKS = (OC + 15) / 16, PANEL = 16 * (1 + IC), ICP = (IC + DG_VL - 1) / DG_VL * DG_VL, LANES = IC % DG_VL != 0 ? IC % DG_VL : DG_VL };
    enum { ACROSS = (OW + 1) / 2, AT_ONCE = DG_TILE_BLOCKS(ACROSS, BLOCKS, DG_BLOCK), SUMS = AT_ONCE * DG_BLOCK, TILES = DG_TILE_PIXELS(ACROSS, SUMS) };
    float *const inputs = (float *)dg_aligned(scratch), *const products = inputs + 16 * TILES * ICP;
    const int whole = x[0] != NULL && x[1] != NULL && x[2] != NULL && x[3] != NULL;
    for (dg_idx t = 0; t < ACROSS; t += TILES) {
        const dg_idx at = DG_TILE_AT(t, ACROSS, TILES);
        for (dg_idx i = 0; i < TILES; i++) {
            const dg_idx ix = 2 * (at + i) - PL;
            const int inside = whole && ix >= 0 && ix + 4 <= IW;
            for (dg_idx c = 0; c < ICP; c += DG_VL) {
                float *to = inputs + i * ICP + c;
                if (inside && c + DG_VL <= IC) {
                    dg_wino_input(to, TILES * ICP, x, ix, IW, 1, IC, c, DG_VL);
                } else if (c + DG_VL <= IC) {
                    dg_wino_input(to, TILES * ICP, x, ix, IW, 0, IC, c, DG_VL);
                } else {
                    dg_wino_input(to, TILES * ICP, x, ix, IW, 0, IC, c, LANES);
                }
            }
        }
        const float DG_ROM *panel = w;
        for (dg_idx b = 0; b < BLOCKS; b += AT_ONCE, panel += AT_ONCE * 16 * PANEL) {
            for (int place = 0; place < 16; place++) {
                const void *rows[1] = { inputs + place * TILES * ICP };
                dg_vf sums[TILES * SUMS];
                dg_conv_f32(sums, rows, 1, 1, 0, IC, ICP, panel + place * PANEL, 16 * PANEL, TILES, AT_ONCE);
                DG_WRITTEN_OUT
                for (int i = 0; i < TILES * SUMS; i++) {
                    dg_vstore(products + (place * TILES * SUMS + i) * DG_VL, sums[i]);
                }
            }
            for (dg_idx i = 0; i < TILES * SUMS; i++) {
                const dg_idx ox = 2 * (at + i / SUMS), c = b * 16 + i % SUMS * DG_VL;
                dg_vf outputs[4];
                dg_wino_output(outputs, products + i * DG_VL, TILES * SUMS * DG_VL);
                DG_WRITTEN_OUT
                for (int k = 0; k < 4; k++) {
                    float *to = y + (k / 2 * OW + ox + k % 2) * OC + c;
                    outputs[k] = VPOST(outputs[k]);
                    if (ox + k % 2 < OW && c + DG_VL <= OC) {
                        dg_vstore(to, outputs[k]);
                    } else if (ox + k % 2 < OW && c < OC) {
                        dg_vstore_part(to, outputs[k], OC % DG_VL);
                    }
                }
            }
        }
    }
}
