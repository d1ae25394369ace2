/* matmul_s8: product of matrices of quantized values, requantized.
 * a [M][K], b [K][NO] in, y [M][NO] out, BATCH times; a and b move on by AB and BB elements, 0 where they repeat.
 * y = clamp(round(sum((a - AZ) * (b - BZ)) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX). AT, BT, YT: integers of 8 or 16 bits; ACC: int32_t, or
 * int64_t where sums need it, REQUANT then being dg_requant64. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t AT;
typedef int8_t BT;
typedef int8_t YT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { BATCH = 2, M = 2, K = 5, NO = 3, AB = 10, BB = 0, AZ = 3, BZ = -4, YZ = -5, QMIN = -128, QMAX = 127, SHIFT = 38 };
static const int32_t MUL = 1500000000;
#endif
static void matmul_s8(const AT *DG_RESTRICT a, const BT *DG_RESTRICT b, YT *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < BATCH; n++, a += AB, b += BB) {
        for (dg_idx i = 0; i < M; i++) {
            for (dg_idx j = 0; j < NO; j++) {
                ACC acc = 0;
                for (dg_idx k = 0; k < K; k++) {
                    acc += (ACC)((int32_t)a[i * K + k] - AZ) * ((int32_t)b[k * NO + j] - BZ);
                }
                *y++ = (YT)dg_clamp(REQUANT(acc, MUL, SHIFT) + YZ, QMIN, QMAX);
            }
        }
    }
}
