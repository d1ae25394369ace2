/* fc_quad_part_s8: fully connected layer of 8-bit values with weights packed for four outputs at a time, requantized per output, of whose input
 * part number `row` of ROWS is there.
 * x [K] in, K a multiple of 4, quads [(NO+3)/4][4+ROWS*K+5] as dg_quads.h has them, y [NO] written with the last part:
 * clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). FAST: sums begin with b, and m and s are for rounding the upper word; else
 * b stands alone and halves go to even. XT: int8_t or uint8_t; YT: also int16_t. scratch: sums [(NO+3)/4*4] of 4 bytes, kept from part to part. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 4, ROWS = 2, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_quad_part_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    enum { KP = ROWS * K, WORDS = 4 + KP + 5 };
    const XT *part = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    for (dg_idx j = 0; j < NO; j++) {
        const uint32_t DG_ROM *q = quads + j / 4 * WORDS;
        const int32_t m = (int32_t)q[4 + KP + j % 4], s = (int32_t)(q[4 + KP + 4] >> j % 4 * 8 & 0xFF);
        const uint32_t two = q[j % 4 / 2 * 2], even0 = q[j % 4 / 2 * 2 + 1];
        int32_t acc = sums[j];
        if (row == 0) {
            acc = !FAST ? (int32_t)q[j % 4] : j % 2 == 0 ? (int32_t)even0 : (int32_t)(two - even0) / 256;
        }
        for (dg_idx k = 0; k < K; k++) { /* input k is in half k/2%2 of the word for k/4*4 + k%2 */
            const dg_idx at = row * K + k;
            const int16_t both = (int16_t)(q[4 + at / 4 * 4 + at % 2 * 2 + j % 4 / 2] >> (at / 2 % 2 * 16) & 0xFFFF);
            const int32_t even = (int8_t)(both & 0xFF);
            acc += part[k] * (j % 2 == 0 ? even : (both - even) / 256);
        }
        sums[j] = acc;
        if (row == ROWS - 1) {
            acc = FAST ? dg_requant(acc, m, 33 + s - j % 2 * 8, 0) : dg_requant(acc, m, s, 1);
            y[j] = (YT)dg_clamp(acc + YZ, QMIN, QMAX);
        }
    }
}
