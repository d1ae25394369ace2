/* dwconv2d_block_s8: depthwise 2-D convolution of 8-bit values with weights in blocks of four channels, requantized per channel, one row of the output.
 * x KH rows [IW][C] of the input, blocks [(C+3)/4][16*V+12] as dg_woven.h has them, V being 1 with COLUMNS, else (KH*KW+15)/16; y [OW][C] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX), no half occurs, and s > 32. YT: int8_t or uint8_t.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as XZ.
 * COLUMNS: KH and KW are at most 4, and tap (ky, kx) is weight kx*4+ky; else it is ky*KW+kx. scratch: what is woven of STRIP pixels, or of one. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t YT;
enum { IW = 4, C = 6, OW = 2, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, COLUMNS = 1, STRIP = 2 };
#endif
static void dwconv2d_block_s8(DG_ROWS(int8_t) x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y, void *scratch)
{
    enum { WORDS = (COLUMNS ? 1 : (KH * KW + 15) / 16) * 16 };
    (void)STRIP;
    (void)scratch;
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx c = 0; c < C; c++) {
            const uint32_t DG_ROM *q = blocks + c / 4 * (WORDS + 12);
            int32_t acc = (int32_t)q[WORDS + c % 4];
            for (dg_idx t = 0; t < KH * KW; t++) {
                const dg_idx at = COLUMNS ? t % KW * 4 + t / KW : t, ix = ox * SW - PL + t % KW * DW;
                const int8_t *row = (const int8_t *)x[t / KW];
                const int32_t v = row != NULL && ix >= 0 && ix < IW ? row[ix * C + c] : XZ;
                acc += v * (int8_t)(q[at / 16 * 16 + c % 4 * 4 + at % 16 / 4] >> at % 4 * 8 & 0xFF);
            }
            *y++ = (YT)dg_clamp(dg_requant(acc, (int32_t)q[WORDS + 4 + c % 4], 32 - (int32_t)q[WORDS + 8 + c % 4], 0) + YZ, QMIN, QMAX);
        }
    }
}
