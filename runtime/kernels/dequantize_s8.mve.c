/* dequantize_s8: for cores with Helium, four elements at a time. Parameters, shapes and results are those of dequantize_s8.c. */
#include "dg.h"
#include "dg_elements.h"
#ifndef DG_KERNEL
typedef int8_t XT;
enum { N = 5, ZERO = 3 };
static const float SCALE = 0.05f;
#endif
static void dequantize_s8(const XT *DG_RESTRICT x, float *DG_RESTRICT y)
{
    enum { UNSIGNED = (XT)-1 > 0, BYTES = sizeof(XT) };
    (BYTES == 4 ? dg_dequantize4_s32 : BYTES == 2 ? UNSIGNED ? dg_dequantize4_u16 : dg_dequantize4_s16 : UNSIGNED ? dg_dequantize4_u8 : dg_dequantize4)(x, y, N, ZERO, SCALE);
}
