/* load: a constant brought to RAM.
 * x [N] in, y [N] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 5 };
#endif
static void load(const T DG_ROM *DG_RESTRICT x, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = x[i];
    }
}
