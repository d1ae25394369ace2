/* quantize_s8: for cores with Helium, four elements at a time. Parameters, shapes and results are those of quantize_s8.c. */
#include "dg.h"
#include "dg_elements.h"
#ifndef DG_KERNEL
typedef int8_t YT;
enum { N = 5, ZERO = 3, QMIN = -128, QMAX = 127 };
static const float SCALE = 0.05f;
#endif
static void quantize_s8(const float *DG_RESTRICT x, YT *DG_RESTRICT y)
{
    (sizeof(YT) == 1 ? dg_quantize4 : dg_quantize4_s16)(x, y, N, SCALE, ZERO, QMIN, QMAX);
}
