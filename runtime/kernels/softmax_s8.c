/* softmax_s8: Softmax of 8-bit values in integers.
 * x [OUTER][N][INNER] in, y the same out; table [256]: exponentials of minus the distance to the maximum, at most 2^22.
 * y = clamp(round(e * INV * 2^-INVBITS / sum(e)) + YZ, QMIN, QMAX), ties to even. N <= 512, INV < 2^26. XT, YT: int8_t or uint8_t. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { OUTER = 2, N = 5, INNER = 1, INVBITS = 16, YZ = -128, QMIN = -128, QMAX = 127 };
static const int32_t INV = 16777216;
#endif
static void softmax_s8(const XT *DG_RESTRICT x, const uint32_t DG_ROM *DG_RESTRICT table, YT *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx k = 0; k < INNER; k++) {
            const XT *p = x + o * (N * INNER) + k;
            YT *q = y + o * (N * INNER) + k;
            XT most = p[0];
            uint32_t sum = 0;
            for (dg_idx i = 1; i < N; i++) {
                most = p[i * INNER] > most ? p[i * INNER] : most;
            }
            for (dg_idx i = 0; i < N; i++) {
                sum += table[most - p[i * INNER]];
            }
            for (dg_idx i = 0; i < N; i++) {
                const uint64_t den = (uint64_t)sum << INVBITS;
                uint64_t rest = (uint64_t)table[most - p[i * INNER]] * (uint32_t)INV;
                uint32_t v = dg_divide(&rest, den);
                if (2 * rest > den || (2 * rest == den && (v & 1) != 0)) {
                    v++;
                }
                q[i * INNER] = (YT)dg_clamp((int32_t)v + YZ, QMIN, QMAX);
            }
        }
    }
}
