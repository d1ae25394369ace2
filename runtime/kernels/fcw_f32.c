/* fcw_f32: fully connected layer whose weights are stored in 8 bits.
 * x [M][K] in, w [NO][K], s, b [NO], y [M][NO] out. y = b + s * sum(x * w). */
#include "dg.h"
#ifndef DG_KERNEL
enum { M = 2, K = 5, NO = 3 };
#define POST(v) (v)
#endif
static void fcw_f32(const float *DG_RESTRICT x, const int8_t DG_ROM *DG_RESTRICT w, const float DG_ROM *DG_RESTRICT s, const float DG_ROM *DG_RESTRICT b,
                    float *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < M; i++, x += K) {
        const int8_t DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += K) {
            float acc = 0.0f;
            for (dg_idx k = 0; k < K; k++) {
                acc += x[k] * (float)q[k];
            }
            acc = b[j] + s[j] * acc;
            *y++ = POST(acc);
        }
    }
}
