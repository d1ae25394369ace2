/* add_s16: sum of 16-bit values of different scales.
 * a, b [N] in, y [N] out; y may be a or b. y = clamp(round(((a - AZ) * AM + (b - BZ) * BM) * 2^-SHIFT) + YZ, QMIN, QMAX), the sum
 * within 62 bits. AT, BT, YT: integers of 8 or 16 bits. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t AT;
typedef int16_t BT;
typedef int16_t YT;
enum { N = 5, AZ = 1, BZ = -2, YZ = 0, QMIN = -32768, QMAX = 32767, SHIFT = 29 };
static const int32_t AM = 500000000, BM = 350000000;
#endif
static void add_s16(const AT *a, const BT *b, YT *y)
{
    for (dg_idx i = 0; i < N; i++) {
        const int64_t sum = (int64_t)((int32_t)a[i] - AZ) * AM + (int64_t)((int32_t)b[i] - BZ) * BM;
        y[i] = (YT)dg_clamp(dg_round_shift64(sum, SHIFT) + YZ, QMIN, QMAX);
    }
}
