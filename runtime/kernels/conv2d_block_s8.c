/* conv2d_block_s8: 2-D convolution of 8-bit values with weights in blocks of 16 inputs by four output channels, one row of the output.
 * x KH rows [IW][IC] of the input, blocks [G][(OC/G+3)/4][16*((KP+15)/16)+12] as dg_blocks.h has them, KP = KH*KW*IC/G, y [OW][OC] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). FAST: no half occurs, and s > 32; else halves go to even.
 * XT: int8_t or uint8_t, of which 128 are subtracted; YT: int16_t, too, where FAST is 0.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ. G divides IC and OC.
 * DIRECT: no tap is outside, and the inputs of a pixel are next to each other. scratch: inputs of TILE pixels. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1, DIRECT = 0, TILE = 2 };
#endif
static void conv2d_block_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y, void *scratch)
{
    enum { ICG = IC / G, OCG = OC / G, TAPS = KH * KW * ICG, KP = (TAPS + 15) / 16 * 16, WORDS = KP + 12 };
    XT *const column = (XT *)scratch;
    (void)TILE;
    (void)DIRECT;
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx g = 0; g < G; g++) {
            for (dg_idx t = 0; t < TAPS; t++) {
                const dg_idx ix = ox * SW - PL + t / ICG % KW * DW;
                const XT *row = (const XT *)x[t / (KW * ICG)];
                column[t] = row != NULL && ix >= 0 && ix < IW ? row[ix * IC + g * ICG + t % ICG] : (XT)XZ;
            }
            for (dg_idx oc = 0; oc < OCG; oc++) {
                const uint32_t DG_ROM *q = blocks + (g * ((OCG + 3) / 4) + oc / 4) * WORDS;
                int32_t acc = (int32_t)q[KP + oc % 4];
                for (dg_idx t = 0; t < TAPS; t++) {
                    const uint32_t four = q[(KP / 16 - 1 - t / 16) * 16 + oc % 4 * 4 + t % 16 / 4];
                    acc += (column[t] - ((XT)-1 > 0 ? 128 : 0)) * (int8_t)(four >> t % 4 * 8 & 0xFF);
                }
                *y++ = (YT)dg_clamp(dg_requant(acc, (int32_t)q[KP + 4 + oc % 4], 32 - (int32_t)q[KP + 8 + oc % 4], !FAST) + YZ, QMIN, QMAX);
            }
        }
    }
}
