/* fc_s16: for cores with DSP instructions, four outputs at a time. Parameters, shapes and results are those of fc_s16.c. */
#include "dg.h"
#include "dg_dsp16.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int16_t YT;
typedef int8_t WT;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { M = 2, K = 5, NO = 3, XZ = 0, YZ = 0, QMIN = -32768, QMAX = 32767 };
#endif
static void fc_s16(const XT *DG_RESTRICT x, const WT DG_ROM *DG_RESTRICT w, const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                   const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    const int pairs = sizeof(XT) == 2 && (XT)-1 < 0 && XZ == 0 && sizeof(WT) == 1;
    for (dg_idx i = 0; i < M; i++, x += K, y += NO) {
        const WT DG_ROM *q0 = w;
        for (dg_idx j = 0, n; j < NO; j += n) {
            n = NO - j < 4 ? NO - j : 4; /* the last ones are computed more than once where four do not fit */
            const dg_idx j1 = n > 1 ? 1 : 0, j2 = n > 2 ? 2 : 0, j3 = n > 3 ? 3 : 0;
            const WT DG_ROM *q1 = q0 + j1 * K, *q2 = q0 + j2 * K, *q3 = q0 + j3 * K;
            ACC a0 = b[j], a1 = b[j + j1], a2 = b[j + j2], a3 = b[j + j3];
            const XT *p = x;
            dg_idx k = K;
            for (; pairs && k >= 4; k -= 4, p += 4, q0 += 4, q1 += 4, q2 += 4, q3 += 4) {
                const uint32_t v = dg_load4(p), u = dg_load4(p + 2), x02 = dg_low(v, u), x13 = dg_high(v, u);
                DG_FOUR(ACC, a0, x02, x13, dg_load4(q0));
                DG_FOUR(ACC, a1, x02, x13, dg_load4(q1));
                DG_FOUR(ACC, a2, x02, x13, dg_load4(q2));
                DG_FOUR(ACC, a3, x02, x13, dg_load4(q3));
            }
            for (; k > 0; k--, p++) {
                const int32_t v = (int32_t)*p - XZ;
                a0 += (ACC)v * *q0++;
                a1 += (ACC)v * *q1++;
                a2 += (ACC)v * *q2++;
                a3 += (ACC)v * *q3++;
            }
            const ACC acc[4] = { a0, a1, a2, a3 };
            for (dg_idx c = 0; c < n; c++) {
                y[j + c] = (YT)dg_clamp(REQUANT(acc[c], m[j + c], s[j + c]) + YZ, QMIN, QMAX);
            }
            q0 += (n - 1) * K;
        }
    }
}
