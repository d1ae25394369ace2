/* fc_four_s8: fully connected layer of 8-bit values, requantized per output, four outputs at a time.
 * x [K] in, w [(NO+3)/4][K][4], p [(NO+3)/4][9]: of each four of outputs biases b, multipliers m, and shifts s, a byte each; y [NO] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX), halves to even. FAST: no half occurs, and shifts are less 33.
 * XT: int8_t or uint8_t; YT: int16_t, too, where FAST is 0. */
#include "dg.h"
#include "dg_fours.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 5, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_four_s8(const XT *DG_RESTRICT x, const int8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT p, YT *DG_RESTRICT y)
{
    for (dg_idx j = 0; j < NO; j += 4, p += 9) {
        int32_t sums[4] = { p[0], p[1], p[2], p[3] };
        DG_FOURS(sums, x, w, K)
        DG_UNROLL
        for (dg_idx c = 0; c < 4; c++) {
            if (NO % 4 == 0 || j + c < NO) {
                y[j + c] = (YT)dg_four_round(sums[c], p, c, YZ, QMIN, QMAX, FAST);
            }
        }
    }
}
