/* fc_s16: fully connected layer of 16-bit values, requantized per output.
 * x [M][K] in, w [NO][K], b, m, s [NO], y [M][NO] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX). XT, YT: integers of 8 or 16 bits; WT: int8_t or
 * int16_t; ACC: int32_t, or int64_t where sums need it, REQUANT then being dg_requant64. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int16_t YT;
typedef int8_t WT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { M = 2, K = 5, NO = 3, XZ = 0, YZ = 0, QMIN = -32768, QMAX = 32767 };
#endif
static void fc_s16(const XT *DG_RESTRICT x, const WT DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                   const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < M; i++, x += K) {
        const WT DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += K) {
            ACC acc = b[j];
            for (dg_idx k = 0; k < K; k++) {
                acc += (ACC)((int32_t)x[k] - XZ) * q[k];
            }
            *y++ = (YT)dg_clamp(REQUANT(acc, m[j], s[j]) + YZ, QMIN, QMAX);
        }
    }
}
