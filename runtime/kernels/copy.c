/* copy: the same elements in other memory.
 * x [N] in, y [N] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 5 };
#endif
static void copy(const T *DG_RESTRICT x, T *DG_RESTRICT y)
{
    memcpy(y, x, (size_t)N * sizeof(T));
}
