/* fc_fpu_part_f32: fully connected layer with weights packed for eight outputs at a time, of whose input part number `row` of ROWS is there.
 * x [K], w as fc_fpu_f32.c has it, of ROWS*K inputs, y [NO] the sums so far, and with the last part the result. */
#include "dg.h"
#ifndef DG_KERNEL
enum { K = 5, ROWS = 2, NO = 13, ACT = 1 };
static const float LOW = 0.0f, HIGH = 0.0f;
#define POST(v) (v)
#endif
static void fc_fpu_part_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y, dg_idx row)
{
    const float *part = (const float *)x[0];
    for (dg_idx j = 0; j < NO; j++) {
        const dg_idx wide = j < NO / 8 * 8 ? 8 : NO % 8;
        const float DG_ROM *q = w + j / 8 * 8 * (1 + ROWS * K) + j % 8;
        float acc = row == 0 ? *q : y[j];
        q += row * K * wide;
        for (dg_idx k = 0; k < K; k++) {
            q += wide;
            acc += part[k] * *q;
        }
        if (row == ROWS - 1) {
            acc = POST(acc);
            acc = ACT > 0 && acc < LOW ? LOW : acc;
            acc = ACT > 1 && acc > HIGH ? HIGH : acc;
        }
        y[j] = acc;
    }
}
