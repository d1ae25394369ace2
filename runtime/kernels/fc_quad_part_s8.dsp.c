/* fc_quad_part_s8: for cores with DSP instructions, four outputs at a time. Parameters, shapes and results are those of fc_quad_part_s8.c. */
#include "dg.h"
#include "dg_quads.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 4, ROWS = 2, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_quad_part_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    enum { KP = ROWS * K, UNSIGNED = (XT)-1 > 0 };
    const XT *part = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    const uint32_t DG_ROM *q = quads;
    for (dg_idx j = 0; j < NO; j += 4, q += 4 + KP + 5, sums += 4) {
        for (dg_idx c = 0; row == 0 && c < 4; c++) {
            sums[c] = !FAST ? (int32_t)q[c] : c % 2 == 0 ? (int32_t)q[c + 1] : (int32_t)(q[c - 1] - q[c]) / 256;
        }
        for (dg_idx k = 0; k < K; k += 256) {
            (UNSIGNED ? dg_denseu_sums : dg_dense_sums)(part + k, q + 4 + row * K + k, (K - k < 256 ? K - k : 256) / 4, sums);
        }
        for (dg_idx c = 0; row == ROWS - 1 && c < 4 && j + c < NO; c++) {
            const int32_t m = (int32_t)q[4 + KP + c], s = (int32_t)(q[4 + KP + 4] >> c * 8 & 0xFF);
            y[j + c] = (YT)dg_clamp(dg_requant(sums[c], m, FAST ? 33 + s - c % 2 * 8 : s, !FAST) + YZ, QMIN, QMAX);
        }
    }
}
