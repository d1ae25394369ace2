/* add_s8: for cores with Helium, four int8_t at a time. Parameters, shapes and results are those of add_s8.c. */
#include "dg.h"
#include "dg_elements.h"
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
    if ((AT)-1 < 0 && (BT)-1 < 0 && sizeof(YT) == 1) {
        const int32_t offset = (int32_t)(0u - (uint32_t)AZ * (uint32_t)AM - (uint32_t)BZ * (uint32_t)BM);
        const dg_sum s = { N, AM, BM, offset, -SHIFT, 32 - SHIFT, YZ, QMIN, QMAX };
        dg_add_s8((const int8_t *)a, (const int8_t *)b, (int8_t *)y, &s);
        return;
    }
    for (dg_idx i = 0; i < N; i++) {
        const int32_t sum = (int32_t)(a[i] - AZ) * AM + (int32_t)(b[i] - BZ) * BM;
        y[i] = (YT)dg_clamp(dg_round_shift(sum, SHIFT) + YZ, QMIN, QMAX);
    }
}
