/* fc_part_s8: fully connected layer of 8-bit values, requantized per output, of whose input part number `row` of ROWS is there.
 * x [K], w [NO][ROWS][K], b, m, s [NO], y [NO] written with the last part:
 * clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX); TIES: whether halves can occur, which go to even.
 * XT: int8_t or uint8_t; YT: also int16_t; WT: int8_t or int16_t. scratch: sums [NO] of 4 bytes, kept from part to part. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { K = 5, ROWS = 2, NO = 3, XZ = 0, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void fc_part_s8(DG_ROWS(XT) x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                       const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    const XT *part = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    const WT DG_ROM *q = w + row * K;
    for (dg_idx j = 0; j < NO; j++, q += K * ROWS) {
        int32_t acc = row == 0 ? b[j] : sums[j];
        for (dg_idx k = 0; k < K; k++) {
            acc += (int32_t)(part[k] - XZ) * q[k];
        }
        sums[j] = acc;
        if (row == ROWS - 1) {
            y[j] = (YT)dg_clamp(dg_requant(acc, m[j], s[j], TIES) + YZ, QMIN, QMAX);
        }
    }
}
