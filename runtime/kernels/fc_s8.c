/* fc_s8: fully connected layer of 8-bit values, requantized per output.
 * x [M][K] in, w [NO][K], b, m, s [NO], y [M][NO] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX); TIES: whether halves can occur, which go to even. XT, YT: int8_t or uint8_t; WT: int8_t or int16_t. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { M = 2, K = 5, NO = 3, XZ = 0, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void fc_s8(const XT *DG_RESTRICT x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                  const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < M; i++, x += K) {
        const WT DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += K) {
            int32_t acc = b[j];
            for (dg_idx k = 0; k < K; k++) {
                acc += (int32_t)(x[k] - XZ) * q[k];
            }
            *y++ = (YT)dg_clamp(dg_requant(acc, m[j], s[j], TIES) + YZ, QMIN, QMAX);
        }
    }
}
