/* fc_part_f32: fully connected layer, of whose input part number `row` of ROWS is there.
 * x [K], w [NO][ROWS][K], b [NO], y [NO] the sums so far, and with the last part the result. */
#include "dg.h"
#ifndef DG_KERNEL
enum { K = 5, ROWS = 2, NO = 3 };
#define POST(v) (v)
#endif
static void fc_part_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y, dg_idx row)
{
    const float *part = (const float *)x[0];
    const float DG_ROM *q = w + row * K;
    for (dg_idx j = 0; j < NO; j++, q += K * ROWS) {
        float acc = row == 0 ? b[j] : y[j];
        for (dg_idx k = 0; k < K; k++) {
            acc += part[k] * q[k];
        }
        y[j] = row == ROWS - 1 ? POST(acc) : acc;
    }
}
