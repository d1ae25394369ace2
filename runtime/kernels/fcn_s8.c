/* fcn_s8: fully connected layer with weights of 2, 4 or 8 bits, in groups of inputs that have a factor each, requantized per output.
 * x [M][K] in, w [NO][ceil(K * BITS / 8)] the first weight in the low bits, f and z [NO][GROUPS] factors and zero points of the groups,
 * b, m, s [NO], y [M][NO] out. GROUPS = ceil(K / GROUP); f is not read where FACTORS is 0, z not where ZEROS is 0.
 * y = clamp(round((b + sum(f * sum(x * (w - z)))) * m * 2^-s) + YZ, QMIN, QMAX). XT, YT: integers of 8 or 16 bits; FT: uint8_t, uint16_t
 * or int32_t; SUM, of a group, and ACC: int32_t, or int64_t where sums need it, REQUANT then being dg_requant64. */
#include "dg.h"
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
    enum { ROW = (K * BITS + 7) / 8, MASK = (1 << BITS) - 1, SIGN = 1 << (BITS - 1), PER = 8 / BITS };
    for (dg_idx i = 0; i < M; i++, x += K) {
        const uint8_t DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += ROW) {
            ACC acc = b[j];
            for (dg_idx g = 0, k = 0; g < GROUPS; g++) {
                const dg_idx end = GROUPS > 1 && K - k > GROUP ? k + GROUP : K;
                const int16_t offset = (int16_t)(SIGN + (ZEROS ? z[j * GROUPS + g] : 0));
                SUM sum = 0;
                for (; k < end; k++) {
                    const int16_t v = (int16_t)(((q[k / PER] >> (k % PER * BITS) & MASK) ^ SIGN) - offset);
                    sum += (SUM)x[k] * v;
                }
                acc += FACTORS ? (ACC)sum * (ACC)f[j * GROUPS + g] : (ACC)sum;
            }
            *y++ = (YT)dg_clamp(REQUANT(acc, m[j], s[j]) + YZ, QMIN, QMAX);
        }
    }
}
