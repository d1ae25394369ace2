/* fill: one value everywhere.
 * y [N] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 5 };
#define VALUE() 0.5f
#endif
static void fill(T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = VALUE();
    }
}
