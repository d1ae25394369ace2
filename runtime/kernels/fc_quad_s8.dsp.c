/* fc_quad_s8: for cores with DSP instructions, four outputs at a time. Parameters, shapes and results are those of fc_quad_s8.c. */
#include "dg.h"
#include "dg_quads.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 5, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_quad_s8(const XT *DG_RESTRICT x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y)
{
    enum { KP = (K + 3) / 4 * 4, UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, BOUND = BYTES ? QMIN > 0 || QMAX < 255 : QMIN > -128 || QMAX < 127 };
    static const dg_quads a = { KP / 4, NO, 0, 2 * YZ + 1, (uint8_t)QMIN * 0x01010101u, (uint8_t)QMAX * 0x01010101u };
    if (FAST && K % 4 == 0) {
        (UNSIGNED ? BYTES ? BOUND ? dg_denseu_u8_bound : dg_denseu_u8 : BOUND ? dg_denseu_s8_bound : dg_denseu_s8
                  : BYTES ? BOUND ? dg_dense_u8_bound : dg_dense_u8 : BOUND ? dg_dense_s8_bound : dg_dense_s8)((const void *)x, quads, y, &a);
        return;
    }
    uint32_t rest = 0; /* the inputs that are no four, in the order of memory */
    memcpy(&rest, x + K / 4 * 4, K % 4);
    const uint32_t DG_ROM *q = quads;
    for (dg_idx j = 0; j < NO; j += 4, q += 4 + KP + 5) {
        int32_t sums[4] = { 0 };
        for (dg_idx k = 0; k < KP; k += 256) {
            const dg_idx n = (k + 256 < K ? 256 : K - k) / 4;
            if (n > 0) {
                (UNSIGNED ? dg_denseu_sums : dg_dense_sums)(x + k, q + 4 + k, n, sums);
            }
        }
        if (K % 4 != 0) {
            (UNSIGNED ? dg_denseu_sums : dg_dense_sums)(&rest, q + K / 4 * 4 + 4, 1, sums);
        }
        for (dg_idx c = 0; c < 4 && j + c < NO; c++) {
            const int32_t m = (int32_t)q[4 + KP + c], s = (int32_t)(q[4 + KP + 4] >> c * 8 & 0xFF);
            const int32_t bias = FAST ? c % 2 == 0 ? (int32_t)q[c + 1] : (int32_t)(q[c - 1] - q[c]) / 256 : (int32_t)q[c];
            y[j + c] = (YT)dg_clamp(dg_requant(sums[c] + bias, m, FAST ? 33 + s - c % 2 * 8 : s, !FAST) + YZ, QMIN, QMAX);
        }
    }
}
