/* add_s8: sum of 8-bit values of different scales.
 * a, b [N] in, y [N] out; y may be a or b. y = clamp(round(((a - AZ) * AM + (b - BZ) * BM) * 2^-SHIFT) + YZ, QMIN, QMAX), the sum
 * within 31 bits. AT, BT, YT: int8_t or uint8_t. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t AT;
typedef int8_t BT;
typedef int8_t YT;
enum { N = 5, AZ = 1, BZ = -2, YZ = 3, QMIN = -128, QMAX = 127, SHIFT = 20 };
static const int32_t AM = 1000000, BM = 700000;
#endif
static void add_s8(const AT *a, const BT *b, YT *y)
{
    for (dg_idx i = 0; i < N; i++) {
        const int32_t sum = (int32_t)(a[i] - AZ) * AM + (int32_t)(b[i] - BZ) * BM;
        y[i] = (YT)dg_clamp(dg_round_shift(sum, SHIFT) + YZ, QMIN, QMAX);
    }
}
