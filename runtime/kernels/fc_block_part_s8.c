/* fc_block_part_s8: fully connected layer of 8-bit values with weights in blocks of 16 inputs by four outputs, requantized per output, of whose
 * input part number `row` of ROWS is there.
 * x [K] in, blocks [(NO+3)/4][16*((ROWS*K+15)/16)+12] as dg_blocks.h has them, y [NO] written with the last part:
 * clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). FAST: no half occurs, and s > 32; else halves go to even.
 * XT: int8_t or uint8_t, of which 128 are subtracted; YT: int16_t, too, where FAST is 0. scratch: sums [(NO+3)/4*4] of 4 bytes, kept from part to part. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 4, ROWS = 2, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_block_part_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    enum { KP = (ROWS * K + 15) / 16 * 16, WORDS = KP + 12 };
    const XT *part = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    for (dg_idx j = 0; j < NO; j++) {
        const uint32_t DG_ROM *q = blocks + j / 4 * WORDS;
        int32_t acc = row == 0 ? (int32_t)q[KP + j % 4] : sums[j];
        for (dg_idx k = 0; k < K; k++) {
            const dg_idx at = row * K + k;
            const uint32_t four = q[(KP / 16 - 1 - at / 16) * 16 + j % 4 * 4 + at % 16 / 4];
            acc += (part[k] - ((XT)-1 > 0 ? 128 : 0)) * (int8_t)(four >> at % 4 * 8 & 0xFF);
        }
        sums[j] = acc;
        if (row == ROWS - 1) {
            y[j] = (YT)dg_clamp(dg_requant(acc, (int32_t)q[KP + 4 + j % 4], 32 - (int32_t)q[KP + 8 + j % 4], !FAST) + YZ, QMIN, QMAX);
        }
    }
}
