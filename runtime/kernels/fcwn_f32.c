/* fcwn_f32: fully connected layer whose weights are stored in 2, 4 or 8 bits, with a scale for every group of inputs of an output.
 * x [M][K] in, w [NO][ceil(K * BITS / 8)] the first weight in the low bits, s and z [NO][GROUPS] scales and zero points, b [NO],
 * y [M][NO] out. GROUPS = ceil(K / GROUP); z is not read where ZEROS is 0. y = b + sum(s * sum(x * (w - z))). */
#include "dg.h"
#ifndef DG_KERNEL
enum { M = 2, K = 21, NO = 3, BITS = 4, GROUP = 8, GROUPS = 3, ZEROS = 1 };
#define POST(v) (v)
#endif
static void fcwn_f32(const float *DG_RESTRICT x, const uint8_t DG_ROM *DG_RESTRICT w, const float DG_ROM *DG_RESTRICT s, const int8_t DG_ROM *DG_RESTRICT z,
                     const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y)
{
    enum { ROW = (K * BITS + 7) / 8, MASK = (1 << BITS) - 1, SIGN = 1 << (BITS - 1), PER = 8 / BITS };
    for (dg_idx i = 0; i < M; i++, x += K) {
        const uint8_t DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += ROW) {
            float acc = b[j];
            for (dg_idx g = 0, k = 0; g < GROUPS; g++) {
                const dg_idx end = GROUPS > 1 && K - k > GROUP ? k + GROUP : K;
                const int16_t offset = (int16_t)(SIGN + (ZEROS ? z[j * GROUPS + g] : 0));
                float sum = 0.0f;
                for (; k < end; k++) {
                    const int16_t v = (int16_t)(((q[k / PER] >> (k % PER * BITS) & MASK) ^ SIGN) - offset);
                    sum += x[k] * (float)v;
                }
                acc += s[j * GROUPS + g] * sum;
            }
            *y++ = POST(acc);
        }
    }
}
