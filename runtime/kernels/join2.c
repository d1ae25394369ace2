/* join2: blocks of two inputs in turns, one row.
 * a [OUTER][A] and b [OUTER][B] in, y [OUTER][STRIDE] out, whose first A + B elements are written. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t T;
enum { OUTER = 3, A = 2, B = 3, STRIDE = 5 };
#endif
static void join2(const T *a, const T *b, T *y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        memcpy(y + o * STRIDE, a + o * A, (size_t)A * sizeof(T));
        memcpy(y + o * STRIDE + A, b + o * B, (size_t)B * sizeof(T));
    }
}
