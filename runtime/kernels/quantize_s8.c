/* quantize_s8: floats to integers of 8 or 16 bits.
 * x [N] in, y [N] out: clamp(round(x / SCALE) + ZERO, QMIN, QMAX), ties to even; a NaN becomes ZERO. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef int8_t YT;
enum { N = 5, ZERO = 3, QMIN = -128, QMAX = 127 };
static const float SCALE = 0.05f;
#endif
static void quantize_s8(const float *DG_RESTRICT x, YT *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        const float v = dg_rintf(x[i] / SCALE) + (float)ZERO;
        y[i] = v != v ? (YT)ZERO : v < (float)QMIN ? (YT)QMIN : v > (float)QMAX ? (YT)QMAX : (YT)v;
    }
}
