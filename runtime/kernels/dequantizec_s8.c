/* dequantizec_s8: integers to floats, with many scales.
 * x [O][D][I] in, y the same out: (x - zero) * scale. Element k of slice d has scale and zero number o * SO + d / BLOCK * SD + k * SK. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int32_t ZT;
enum { O = 1, D = 5, I = 3, BLOCK = 2, SO = 9, SD = 3, SK = 1 };
#endif
static void dequantizec_s8(const XT *DG_RESTRICT x, const float DG_MEM *DG_RESTRICT scale, const ZT DG_MEM *DG_RESTRICT zero, float *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < O; o++) {
        for (dg_idx d = 0; d < D; d++) {
            for (dg_idx k = 0; k < I; k++) {
                const dg_idx at = o * SO + d / BLOCK * SD + k * SK;
                *y++ = (float)((int32_t)*x++ - zero[at]) * scale[at];
            }
        }
    }
}
