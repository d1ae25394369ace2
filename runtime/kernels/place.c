/* place: blocks of x put into y.
 * y [LEN] in, x [OUTER][BLOCK] in, z [LEN] out: y with block o of x at element FROM + o * STRIDE. z may be y. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t T;
enum { LEN = 12, OUTER = 2, BLOCK = 3, STRIDE = 6, FROM = 1 };
#endif
static void place(const T *y, const T *x, T *z)
{
    if (z != y) {
        memcpy(z, y, (size_t)LEN * sizeof(T));
    }
    for (dg_idx o = 0; o < OUTER; o++) {
        memcpy(z + FROM + o * STRIDE, x + o * BLOCK, (size_t)BLOCK * sizeof(T));
    }
}
