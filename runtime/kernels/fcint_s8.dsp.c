/* fcint_s8: for cores with DSP instructions, four outputs at a time. Parameters, shapes and results are those of fcint_s8.c. */
#include "dg.h"
#include "dg_dsp16.h"
#ifndef DG_KERNEL
typedef uint8_t XT;
typedef int8_t WT;
enum { M = 2, K = 5, NO = 3, ZS = 0 };
#endif
static void fcint_s8(const XT *DG_RESTRICT x, const XT *DG_RESTRICT xz, const WT DG_ROM *DG_RESTRICT w, int32_t *DG_RESTRICT y)
{
    const int pairs = sizeof(WT) == 1, is_unsigned = (XT)-1 > 0;
    for (dg_idx i = 0; i < M; i++, x += K, y += NO, xz += ZS) {
        const int32_t zero = *xz;
        const uint32_t offset = dg_pair(-zero);
        const WT DG_ROM *q0 = w;
        for (dg_idx j = 0, n; j < NO; j += n) {
            n = NO - j < 4 ? NO - j : 4; /* the last ones are computed more than once where four do not fit */
            const dg_idx j1 = n > 1 ? 1 : 0, j2 = n > 2 ? 2 : 0, j3 = n > 3 ? 3 : 0;
            const WT DG_ROM *q1 = q0 + j1 * K, *q2 = q0 + j2 * K, *q3 = q0 + j3 * K;
            int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
            const XT *p = x;
            dg_idx k = K;
            for (; pairs && k >= 4; k -= 4, p += 4, q0 += 4, q1 += 4, q2 += 4, q3 += 4) {
                const uint32_t v = dg_load4(p);
                const uint32_t x02 = is_unsigned ? dg_even_u(offset, v) : dg_even(offset, v), x13 = is_unsigned ? dg_odd_u(offset, v) : dg_odd(offset, v);
                a0 = dg_four(x02, x13, dg_load4(q0), a0);
                a1 = dg_four(x02, x13, dg_load4(q1), a1);
                a2 = dg_four(x02, x13, dg_load4(q2), a2);
                a3 = dg_four(x02, x13, dg_load4(q3), a3);
            }
            for (; k > 0; k--, p++) {
                const int32_t v = *p - zero;
                a0 += v * *q0++;
                a1 += v * *q1++;
                a2 += v * *q2++;
                a3 += v * *q3++;
            }
            const int32_t acc[4] = { a0, a1, a2, a3 };
            for (dg_idx c = 0; c < n; c++) {
                y[j + c] = acc[c];
            }
            q0 += (n - 1) * K;
        }
    }
}
