/* dequantize_s8: integers to floats.
 * x [N] in, y [N] out: (x - ZERO) * SCALE. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t XT;
enum { N = 5, ZERO = 3 };
static const float SCALE = 0.05f;
#endif
static void dequantize_s8(const XT *DG_RESTRICT x, float *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = (float)((int32_t)x[i] - ZERO) * SCALE;
    }
}
