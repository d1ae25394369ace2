/* add_s8: in vectors of 16. Parameters, shapes and results are those of add_s8.c. */
#include "dg.h"
#include "dg_vec8.h"
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
    enum { WHOLE = N / 16 * 16, YU = (YT)-1 > 0 };
    const uint32_t start = ((uint32_t)1 << (SHIFT - 1)) - 1 - (uint32_t)AZ * (uint32_t)AM - (uint32_t)BZ * (uint32_t)BM;
    for (dg_idx i = 0; i < WHOLE; i += 16) {
        dg_b16 p, q;
        dg_vi v[DG_BLOCK], u[DG_BLOCK];
        memcpy(&p, a + i, 16);
        memcpy(&q, b + i, 16);
        dg_b16_lanes(v, p, (AT)-1 > 0);
        dg_b16_lanes(u, q, (BT)-1 > 0);
        DG_WRITTEN_OUT
        for (int k = 0; k < DG_BLOCK; k++) { /* the sum plus a half, less 1 where the result without it is even */
            const dg_vi sum = (dg_vi)((dg_vu)v[k] * (uint32_t)AM + (dg_vu)u[k] * (uint32_t)BM + start);
            v[k] = (sum + ((sum - (int32_t)(((uint32_t)1 << (SHIFT - 1)) - 1)) >> SHIFT & 1)) >> SHIFT;
        }
        dg_b16 r = dg_q_bounded(dg_q_narrow(v, YZ - YU * 128), QMIN - YU * 128, QMAX - YU * 128);
        r = YU ? r ^ (int8_t)-128 : r;
        memcpy(y + i, &r, 16);
    }
    for (dg_idx i = WHOLE; i < N; i++) {
        const int32_t sum = (int32_t)(a[i] - AZ) * AM + (int32_t)(b[i] - BZ) * BM;
        y[i] = (YT)dg_clamp(dg_round_shift(sum, SHIFT) + YZ, QMIN, QMAX);
    }
}
