/* mul_s8: products of quantized values, element by element.
 * a, b [N] in, y [N] out; y may be a or b. y = clamp(round((a - AZ) * (b - BZ) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX). AT, BT, YT: integers of 8
 * or 16 bits; ACC: int32_t, or int64_t where products need it, REQUANT then being dg_requant64. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t AT;
typedef int8_t BT;
typedef int8_t YT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { N = 5, AZ = 1, BZ = -2, YZ = 3, QMIN = -128, QMAX = 127, SHIFT = 38 };
static const int32_t MUL = 1500000000;
#endif
static void mul_s8(const AT *a, const BT *b, YT *y)
{
    for (dg_idx i = 0; i < N; i++) {
        const ACC product = (ACC)((int32_t)a[i] - AZ) * ((int32_t)b[i] - BZ);
        y[i] = (YT)dg_clamp(REQUANT(product, MUL, SHIFT) + YZ, QMIN, QMAX);
    }
}
