/* lookup_s8: for cores with Helium, 16 bytes or eight 16-bit values at a time. Parameters, shapes and results are those of lookup_s8.c. */
#include "dg.h"
#include "dg_elements.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { N = 5, LOW = -128 };
#endif
static void lookup_s8(const XT *x, const YT DG_ROM *table, YT *y)
{
    (sizeof(YT) == 1 ? dg_elements_lookup : dg_lookup16)(x, table, y, N, LOW & 0xFF);
}
