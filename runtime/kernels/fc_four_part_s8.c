/* fc_four_part_s8: fully connected layer of 8-bit values, requantized per output, four outputs at a time, of whose input part number `row` of ROWS
 * is there.
 * x [K] in, w [(NO+3)/4][ROWS][K][4], p [(NO+3)/4][9]: of each four of outputs biases b, multipliers m, and shifts s, a byte each; y [NO] written
 * with the last part: clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX), halves to even. FAST: no half occurs, and shifts are less 33.
 * XT: int8_t or uint8_t; YT: int16_t, too, where FAST is 0. scratch: sums [(NO+3)/4*4] of 4 bytes, kept from part to part. */
#include "dg.h"
#include "dg_fours.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 4, ROWS = 2, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_four_part_s8(DG_ROWS(XT) x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT p, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    const XT *part = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    for (dg_idx j = 0; j < NO; j += 4, p += 9, sums += 4) {
        const int8_t DG_ROM *q = w + (j * ROWS + 4 * row) * K;
        int32_t acc[4];
        DG_UNROLL
        for (dg_idx c = 0; c < 4; c++) {
            acc[c] = row == 0 ? p[c] : sums[c];
        }
        DG_FOURS(acc, part, q, K)
        DG_UNROLL
        for (dg_idx c = 0; c < 4; c++) {
            sums[c] = acc[c];
            if (row == ROWS - 1 && (NO % 4 == 0 || j + c < NO)) {
                y[j + c] = (YT)dg_four_round(acc[c], p, c, YZ, QMIN, QMAX, FAST);
            }
        }
    }
}
