/* lookup_s8: in vectors of 16 where the machine looks up bytes in registers. Parameters, shapes and results are those of lookup_s8.c. */
#include "dg.h"
#include "dg_vec_lookup.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { N = 5, LOW = -128 };
#endif
static void lookup_s8(const XT *x, const YT DG_ROM *table, YT *y)
{
    const dg_idx whole = dg_lookup(x, table, y, sizeof(YT) == 1 ? N / 16 * 16 : 0, LOW < 0);
    for (dg_idx i = whole; i < N; i++) {
        y[i] = table[x[i] - LOW];
    }
}
