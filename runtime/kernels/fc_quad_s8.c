/* fc_quad_s8: fully connected layer of 8-bit values with weights packed for four outputs at a time, requantized per output.
 * x [K] in, quads [(NO+3)/4][4+KP+5] as dg_quads.h has them, KP being K rounded up to a multiple of 4, y [NO] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). FAST: sums begin with b, and m and s are for rounding the upper word;
 * else b stands alone and halves go to even. XT: int8_t or uint8_t; YT: int16_t, too, where FAST is 0. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 5, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_quad_s8(const XT *DG_RESTRICT x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y)
{
    enum { KP = (K + 3) / 4 * 4, WORDS = 4 + KP + 5 };
    for (dg_idx j = 0; j < NO; j++) {
        const uint32_t DG_ROM *q = quads + j / 4 * WORDS;
        const int32_t m = (int32_t)q[4 + KP + j % 4], s = (int32_t)(q[4 + KP + 4] >> j % 4 * 8 & 0xFF);
        int32_t acc = 0;
        for (dg_idx k = 0; k < K; k++) { /* input k is in half k/2%2 of the word for k/4*4 + k%2 */
            const int16_t both = (int16_t)(q[4 + k / 4 * 4 + k % 2 * 2 + j % 4 / 2] >> (k / 2 % 2 * 16) & 0xFFFF);
            const int32_t even = (int8_t)(both & 0xFF);
            acc += x[k] * (j % 2 == 0 ? even : (both - even) / 256);
        }
        if (FAST) {
            const uint32_t two = q[j % 4 / 2 * 2], even = q[j % 4 / 2 * 2 + 1];
            acc += j % 2 == 0 ? (int32_t)even : (int32_t)(two - even) / 256;
            acc = dg_requant(acc, m, 33 + s - j % 2 * 8, 0);
        } else {
            acc = dg_requant((int32_t)q[j % 4] + acc, m, s, 1);
        }
        y[j] = (YT)dg_clamp(acc + YZ, QMIN, QMAX);
    }
}
