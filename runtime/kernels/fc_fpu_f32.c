/* fc_fpu_f32: fully connected layer with weights packed for eight outputs at a time.
 * x [K] in, y [NO] out. w has a block for every eight outputs, of [1+K][8], and one for the others, as wide as they are many: biases, then the weights of
 * every input. ACT: 1, results are at least LOW; 2, and at most HIGH. */
#include "dg.h"
#ifndef DG_KERNEL
enum { K = 5, NO = 13, ACT = 1 };
static const float LOW = 0.0f, HIGH = 0.0f;
#define POST(v) (v)
#endif
static void fc_fpu_f32(const float *DG_RESTRICT x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y)
{
    for (dg_idx j = 0; j < NO; j++) {
        const dg_idx wide = j < NO / 8 * 8 ? 8 : NO % 8;
        const float DG_ROM *q = w + j / 8 * 8 * (1 + K) + j % 8;
        float acc = *q;
        for (dg_idx k = 0; k < K; k++) {
            q += wide;
            acc += x[k] * *q;
        }
        acc = POST(acc);
        acc = ACT > 0 && acc < LOW ? LOW : acc;
        y[j] = ACT > 1 && acc > HIGH ? HIGH : acc;
    }
}
