/* matmulc_f32: product of matrices with a constant.
 * a [M][K], b [K][NO] in, y [M][NO] out, BATCH times; a and b move on by AB and BB elements, 0 where they repeat. */
#include "dg.h"
#ifndef DG_KERNEL
enum { BATCH = 2, M = 2, K = 5, NO = 3, AB = 10, BB = 0 };
#define POST(v) (v)
#endif
static void matmulc_f32(const float *DG_RESTRICT a, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < BATCH; n++, a += AB, b += BB) {
        for (dg_idx i = 0; i < M; i++) {
            for (dg_idx j = 0; j < NO; j++) {
                float acc = 0.0f;
                for (dg_idx k = 0; k < K; k++) {
                    acc += a[i * K + k] * b[k * NO + j];
                }
                *y++ = POST(acc);
            }
        }
    }
}
