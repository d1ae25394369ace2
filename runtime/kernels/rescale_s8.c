/* rescale_s8: sums of products to quantized values, of scales that are known at run time.
 * x [M][C][I] in, y the same out: clamp(round(x * as * bs / ys) + yz, QMIN, QMAX), ties to even. as is number m % AM of AM, bs number c % BM of BM,
 * ys and yz one each. Scales are > 0. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t YT;
enum { M = 2, C = 3, I = 2, AM = 1, BM = 3, QMIN = -128, QMAX = 127 };
#endif
static void rescale_s8(const int32_t *DG_RESTRICT x, const float DG_MEM *DG_RESTRICT as, const float DG_MEM *DG_RESTRICT bs, const float DG_MEM *DG_RESTRICT ys,
                       const YT DG_MEM *DG_RESTRICT yz, YT *DG_RESTRICT y)
{
    dg_factor f = dg_factor_of(as[0], bs[0], ys[0]);
    for (dg_idx m = 0; m < M; m++) {
        for (dg_idx c = 0; c < C; c++) {
            if (AM > 1 || BM > 1) {
                f = dg_factor_of(as[m % AM], bs[c % BM], ys[0]);
            }
            for (dg_idx i = 0; i < I; i++) {
                *y++ = (YT)dg_clamp(dg_requant64(*x++, f.m, f.s) + (int32_t)yz[0], QMIN, QMAX);
            }
        }
    }
}
