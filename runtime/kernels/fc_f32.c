/* fc_f32: fully connected layer.
 * x [M][K] in, w [NO][K], b [NO], y [M][NO] out. */
#include "dg.h"
#ifndef DG_KERNEL
enum { M = 2, K = 5, NO = 3 };
#define POST(v) (v)
#endif
static void fc_f32(const float *DG_RESTRICT x, const float DG_ROM *DG_RESTRICT w, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < M; i++, x += K) {
        const float DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += K) {
            float acc = b[j];
            for (dg_idx k = 0; k < K; k++) {
                acc += x[k] * q[k];
            }
            *y++ = POST(acc);
        }
    }
}
