/* conv2d_vec_f32: 2-D convolution with weights packed for blocks of 16 output channels, one row of the output, in vectors.
 * x KH rows [IW][IC] of the input, w [G][(OC/G+15)/16][1+KH*KW*IC/G][16]: of a block the biases, then the weights input by input; y [OW][OC] out.
 * G divides IC and OC. Sums are in no order that another machine's need have, and their products may be exact.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as 0.
 * scratch: the columns that 24 pixels read, or OW where that is less, of KH rows. */
#include "dg.h"
#include "dg_vec_conv.h"
#include "dg_vec_math.h"
#ifndef DG_KERNEL
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
#define VPOST(v) (v)
#endif
static void conv2d_vec_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y, void *scratch)
{
    enum { ICG = IC / G, OCG = OC / G, BLOCKS = (OCG + 15) / 16, PANEL = 16 * (1 + KH * KW * ICG) };
    enum { JOINED = G == 1 && DW == 1, PLACES = JOINED ? 1 : KW, RUN = JOINED ? KW * IC : ICG };
    enum { AT_ONCE = DG_TILE_BLOCKS(OW, BLOCKS, DG_BLOCK), SUMS = AT_ONCE * DG_BLOCK, PIXELS = DG_TILE_PIXELS(OW, SUMS), COLUMNS = (PIXELS - 1) * SW + (KW - 1) * DW + 1 };
    int whole = 1;
    for (int ky = 0; ky < KH; ky++) {
        whole &= x[ky] != NULL;
    }
    for (dg_idx ox = 0; ox < OW; ox += PIXELS) {
        const dg_idx at = DG_TILE_AT(ox, OW, PIXELS), ix = at * SW - PL;
        const void *rows[KH];
        if (whole && ix >= 0 && ix + COLUMNS <= IW) {
            for (int ky = 0; ky < KH; ky++) {
                rows[ky] = (const float *)x[ky] + ix * IC;
            }
        } else {
            dg_patch(rows, x, KH, scratch, ix, COLUMNS, IW, IC * sizeof(float), 0);
        }
        const float DG_ROM *panel = w;
        for (int g = 0; g < G; g++) {
            for (dg_idx b = 0; b < BLOCKS; b += AT_ONCE, panel += AT_ONCE * PANEL) {
                dg_vf sums[PIXELS * SUMS];
                dg_conv_f32(sums, rows, KH, PLACES, DW * IC, RUN, SW * IC, panel, PANEL, PIXELS, AT_ONCE);
                DG_WRITTEN_OUT
                for (int i = 0; i < PIXELS * SUMS; i++) {
                    const dg_idx c = (b + i % SUMS / DG_BLOCK) * 16 + i % DG_BLOCK * DG_VL;
                    float *to = y + (at + i / SUMS) * OC + g * OCG + c;
                    sums[i] = VPOST(sums[i]);
                    if (OCG % 16 == 0 || c + DG_VL <= OCG) {
                        dg_vstore(to, sums[i]);
                    } else if (c < OCG) {
                        dg_vstore_part(to, sums[i], OCG % DG_VL);
                    }
                }
            }
            for (int ky = 0; ky < KH; ky++) {
                rows[ky] = (const float *)rows[ky] + ICG;
            }
        }
    }
}
