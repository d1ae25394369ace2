/* fc4_s8: for cores with DSP instructions, eight products a step, two outputs at a time. The weights of a word of eight nibbles
 * come out in pairs four apart, so the inputs are paired likewise. Weights count as 0 to 15; eight times the inputs' sum is taken off. */
#include "dg.h"
#include "dg_dsp.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { M = 2, K = 21, NO = 3, XZ = 0, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void fc4_s8(const XT *DG_RESTRICT x, const uint8_t DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                   const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (K + 1) / 2, STEPS = K / 8 * 8 };
    const uint32_t offset = dg_pair(-XZ);
    for (dg_idx i = 0; i < M; i++, x += K) {
        int32_t sum = 0;
        for (dg_idx k = 0; k < STEPS; k++) {
            sum += x[k] - XZ;
        }
        for (dg_idx j = 0; j < NO; j += 2) {
            const dg_idx next = j + 1 < NO ? 1 : 0; /* with an odd number of outputs, the last is computed twice */
            const uint8_t DG_ROM *q0 = w + (int32_t)j * BYTES, *q1 = q0 + next * BYTES;
            int32_t a0 = b[j] - 8 * sum, a1 = b[j + next] - 8 * sum;
            for (dg_idx k = 0; k < STEPS; k += 8, q0 += 4, q1 += 4) {
                const uint32_t v = dg_load4(x + k), u = dg_load4(x + k + 4);
                const uint32_t ve = UNSIGNED ? dg_even_u(offset, v) : dg_even(offset, v), vo = UNSIGNED ? dg_odd_u(offset, v) : dg_odd(offset, v);
                const uint32_t ue = UNSIGNED ? dg_even_u(offset, u) : dg_even(offset, u), uo = UNSIGNED ? dg_odd_u(offset, u) : dg_odd(offset, u);
                const uint32_t x04 = dg_low(ve, ue), x26 = dg_high(ve, ue), x15 = dg_low(vo, uo), x37 = dg_high(vo, uo);
                const uint32_t n0 = dg_load4(q0) ^ 0x88888888u, n1 = dg_load4(q1) ^ 0x88888888u;
                a0 = dg_smlad(x04, n0 & 0x000F000Fu, dg_smlad(x15, n0 >> 4 & 0x000F000Fu, a0));
                a0 = dg_smlad(x26, n0 >> 8 & 0x000F000Fu, dg_smlad(x37, n0 >> 12 & 0x000F000Fu, a0));
                a1 = dg_smlad(x04, n1 & 0x000F000Fu, dg_smlad(x15, n1 >> 4 & 0x000F000Fu, a1));
                a1 = dg_smlad(x26, n1 >> 8 & 0x000F000Fu, dg_smlad(x37, n1 >> 12 & 0x000F000Fu, a1));
            }
            for (dg_idx k = STEPS; k < K; k++) {
                const int32_t v = x[k] - XZ, at = (k - STEPS) / 2, shift = k % 2 * 4;
                a0 += v * (((q0[at] >> shift & 15) ^ 8) - 8);
                a1 += v * (((q1[at] >> shift & 15) ^ 8) - 8);
            }
            y[j] = (YT)dg_clamp(dg_requant(a0, m[j], s[j], TIES) + YZ, QMIN, QMAX);
            y[j + next] = (YT)dg_clamp(dg_requant(a1, m[j + next], s[j + next], TIES) + YZ, QMIN, QMAX);
        }
        y += NO;
    }
}
