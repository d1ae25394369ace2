/* fc4_s8: fully connected layer of 8-bit values and 4-bit weights, requantized per output.
 * x [M][K] in, w [NO][(K+1)/2] two weights to a byte, the first in the low bits, b, m, s [NO], y [M][NO] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX); TIES: whether halves can occur, which go to even. XT: int8_t or uint8_t; YT: also int16_t. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { M = 2, K = 5, NO = 3, XZ = 0, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void fc4_s8(const XT *DG_RESTRICT x, const uint8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                   const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < M; i++, x += K) {
        const uint8_t DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++) {
            int32_t acc = b[j];
            for (dg_idx k = 0; k + 1 < K; k += 2) {
                const int32_t two = *q++;
                acc += (int32_t)(x[k] - XZ) * (((two & 15) ^ 8) - 8);
                acc += (int32_t)(x[k + 1] - XZ) * ((two >> 4 ^ 8) - 8);
            }
            if (K % 2 != 0) {
                acc += (int32_t)(x[K - 1] - XZ) * (((*q++ & 15) ^ 8) - 8);
            }
            *y++ = (YT)dg_clamp(dg_requant(acc, m[j], s[j], TIES) + YZ, QMIN, QMAX);
        }
    }
}
