/* fill: one value everywhere.
 * y [N] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 5 };
static const float VALUE = 0.5f;
#endif
static void fill(T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = (T)VALUE;
    }
}
