/* quantizec_s8: floats to integers of 8 or 16 bits, with many scales.
 * x [O][D][I] in, y the same out: clamp(round(x / scale) + zero, QMIN, QMAX), ties to even; a NaN becomes zero. Element k of slice d
 * has scale and zero number o * SO + d / BLOCK * SD + k * SK. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef int8_t YT;
typedef int32_t ZT;
enum { O = 1, D = 5, I = 3, BLOCK = 2, SO = 9, SD = 3, SK = 1, QMIN = -128, QMAX = 127 };
#endif
static void quantizec_s8(const float *DG_RESTRICT x, const float DG_MEM *DG_RESTRICT scale, const ZT DG_MEM *DG_RESTRICT zero, YT *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < O; o++) {
        for (dg_idx d = 0; d < D; d++) {
            for (dg_idx k = 0; k < I; k++) {
                const dg_idx at = o * SO + d / BLOCK * SD + k * SK;
                const float v = dg_rintf(*x++ / scale[at]) + (float)zero[at];
                *y++ = v != v ? (YT)zero[at] : v < (float)QMIN ? (YT)QMIN : v > (float)QMAX ? (YT)QMAX : (YT)v;
            }
        }
    }
}
