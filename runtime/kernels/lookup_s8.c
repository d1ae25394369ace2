/* lookup_s8: any function of one 8-bit value, from a table.
 * x [N] in, table [256], y [N] out: table[x - LOW], LOW being the least value of XT; y may be x. XT: int8_t or uint8_t; YT: also of 16 bits. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { N = 5, LOW = -128 };
#endif
static void lookup_s8(const XT *x, const YT DG_ROM *table, YT *y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = table[x[i] - LOW];
    }
}
