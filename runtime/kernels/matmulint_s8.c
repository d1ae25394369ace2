/* matmulint_s8: sums of products of matrices of 8-bit values.
 * a [M][K], b [K][NO] in, y [M][NO] out, BATCH times; a and b move on by AB and BB elements, 0 where they repeat. az and bz are their zero
 * points: of row i number i * AZS, of column j number j * BZS. y = sum((a - az) * (b - bz)), within 31 bits. AT, BT: int8_t or uint8_t. */
#include "dg.h"
#ifndef DG_KERNEL
typedef uint8_t AT;
typedef int8_t BT;
enum { BATCH = 2, M = 2, K = 5, NO = 3, AB = 10, BB = 0, AZS = 0, BZS = 1 };
#endif
static void matmulint_s8(const AT *DG_RESTRICT a, const AT *DG_RESTRICT az, const BT *DG_RESTRICT b, const BT *DG_RESTRICT bz, int32_t *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < BATCH; n++, a += AB, b += BB) {
        for (dg_idx i = 0; i < M; i++) {
            for (dg_idx j = 0; j < NO; j++) {
                int32_t acc = 0;
                for (dg_idx k = 0; k < K; k++) {
                    acc += (int32_t)(a[i * K + k] - az[i * AZS]) * (b[k * NO + j] - bz[j * BZS]);
                }
                *y++ = acc;
            }
        }
    }
}
