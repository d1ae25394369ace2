/* fc_s8: for cores with DSP instructions, four outputs at a time. Parameters, shapes and results are those of fc_s8.c. */
#include "dg.h"
#include "dg_dsp.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { M = 2, K = 5, NO = 3, XZ = 0, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void fc_s8(const XT *DG_RESTRICT x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                  const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { NARROW = sizeof(WT) == 1, UNSIGNED = (XT)-1 > 0 };
    const uint32_t offset = dg_pair(-XZ);
    for (dg_idx i = 0; i < M; i++, x += K, y += NO) {
        const WT DG_ROM *q0 = w;
        for (dg_idx j = 0, n; j < NO; j += n) {
            n = NO - j < 4 ? NO - j : 4; /* the last ones are computed more than once where four do not fit */
            const dg_idx j1 = n > 1 ? 1 : 0, j2 = n > 2 ? 2 : 0, j3 = n > 3 ? 3 : 0;
            const WT DG_ROM *q1 = q0 + j1 * K, *q2 = q0 + j2 * K, *q3 = q0 + j3 * K;
            int32_t acc[4] = { b[j], b[j + j1], b[j + j2], b[j + j3] };
            const XT *p = x;
            dg_idx k = K;
            for (; NARROW && k >= 4; k -= 4, p += 4, q0 += 4, q1 += 4, q2 += 4, q3 += 4) {
                const uint32_t v = dg_load4(p), u0 = dg_load4(q0), u1 = dg_load4(q1), u2 = dg_load4(q2), u3 = dg_load4(q3);
                const uint32_t e = UNSIGNED ? dg_even_u(offset, v) : dg_even(offset, v), o = UNSIGNED ? dg_odd_u(offset, v) : dg_odd(offset, v);
                acc[0] = dg_smlad(o, dg_wodd(u0), dg_smlad(e, dg_weven(u0), acc[0]));
                acc[1] = dg_smlad(o, dg_wodd(u1), dg_smlad(e, dg_weven(u1), acc[1]));
                acc[2] = dg_smlad(o, dg_wodd(u2), dg_smlad(e, dg_weven(u2), acc[2]));
                acc[3] = dg_smlad(o, dg_wodd(u3), dg_smlad(e, dg_weven(u3), acc[3]));
            }
            for (; k > 0; k--, p++) {
                acc[0] += (*p - XZ) * *q0++;
                acc[1] += (*p - XZ) * *q1++;
                acc[2] += (*p - XZ) * *q2++;
                acc[3] += (*p - XZ) * *q3++;
            }
            for (dg_idx c = 0; c < n; c++) {
                y[j + c] = (YT)dg_clamp(dg_requant(acc[c], m[j + c], s[j + c], TIES) + YZ, QMIN, QMAX);
            }
            q0 += (n - 1) * K;
        }
    }
}
