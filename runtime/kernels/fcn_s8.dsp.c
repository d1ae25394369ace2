/* fcn_s8: for cores with DSP instructions, a word of weights of 2 or 4 bits a step, two outputs at a time. The weights of a word come out in
 * pairs that are half of them apart, so the inputs are paired likewise. They count from 0 up; what that is too much comes off by the
 * sum of the group's inputs. Parameters, shapes and results are those of fcn_s8.c. */
#include "dg.h"
#include "dg_dsp16.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef uint8_t FT;
typedef int32_t SUM;
typedef int32_t ACC;
#define REQUANT(a, m, s) dg_requant(a, m, s, 1)
enum { M = 2, K = 21, NO = 3, BITS = 2, GROUP = 8, GROUPS = 3, FACTORS = 1, ZEROS = 1, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void fcn_s8(const XT *DG_RESTRICT x, const uint8_t DG_ROM *DG_RESTRICT w, const FT DG_ROM *DG_RESTRICT f, const int8_t DG_ROM *DG_RESTRICT z,
                   const ACC DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m, const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { ROW = (K * BITS + 7) / 8, MASK = (1 << BITS) - 1, SIGN = 1 << (BITS - 1), PER = 8 / BITS, STEP = 32 / BITS, BYTES = sizeof(XT) == 1 };
    enum { FAST = BYTES && sizeof(SUM) == 4 && BITS < 8 && (GROUPS == 1 || GROUP % PER == 0) };
    const uint32_t flip = SIGN * (0xFFFFFFFFu / MASK), mask = (uint32_t)MASK * 0x10001u;
    for (dg_idx i = 0; i < M; i++, x += K, y += NO) {
        for (dg_idx j = 0; j < NO; j += 2) {
            const dg_idx next = j + 1 < NO ? 1 : 0; /* with an odd number of outputs, the last is computed twice */
            const uint8_t DG_ROM *q0 = w + j * ROW, *q1 = q0 + next * ROW;
            ACC a0 = b[j], a1 = b[j + next];
            for (dg_idx g = 0, k = 0; g < GROUPS; g++) {
                const dg_idx end = GROUPS > 1 && K - k > GROUP ? k + GROUP : K, at0 = j * GROUPS + g, at1 = at0 + next * GROUPS;
                const int32_t z0 = SIGN + (ZEROS ? z[at0] : 0), z1 = SIGN + (ZEROS ? z[at1] : 0);
                SUM s0 = 0, s1 = 0;
                int32_t all = 0;
                for (; FAST && end - k >= STEP; k += STEP) {
                    uint32_t n0 = dg_load4(q0 + k / PER) ^ flip, n1 = dg_load4(q1 + k / PER) ^ flip, p[STEP / 2];
                    dg_apart(p, x + k, STEP, (XT)-1 > 0);
                    DG_UNROLL
                    for (dg_idx c = 0; c < STEP / 2; c++) {
                        s0 = dg_smlad(p[c], n0 >> (c * BITS) & mask, s0);
                        s1 = dg_smlad(p[c], n1 >> (c * BITS) & mask, s1);
                        all = dg_smlad(p[c], 0x10001u, all);
                    }
                }
                s0 -= (SUM)all * z0;
                s1 -= (SUM)all * z1;
                for (; k < end; k++) {
                    const dg_idx shift = k % PER * BITS;
                    s0 += (SUM)x[k] * (((q0[k / PER] >> shift & MASK) ^ SIGN) - z0);
                    s1 += (SUM)x[k] * (((q1[k / PER] >> shift & MASK) ^ SIGN) - z1);
                }
                a0 += FACTORS ? (ACC)s0 * (ACC)f[at0] : (ACC)s0;
                a1 += FACTORS ? (ACC)s1 * (ACC)f[at1] : (ACC)s1;
            }
            y[j] = (YT)dg_clamp(REQUANT(a0, m[j], s[j]) + YZ, QMIN, QMAX);
            y[j + next] = (YT)dg_clamp(REQUANT(a1, m[j + next], s[j + next]) + YZ, QMIN, QMAX);
        }
    }
}
