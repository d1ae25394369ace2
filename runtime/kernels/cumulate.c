/* cumulate: sums or products of the elements up to each one along an axis, itself left out where EXCLUSIVE is 1, from the back where
 * REVERSE is 1.
 * x [OUTER][N][INNER] in, y the same out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
typedef float AT;
enum { OUTER = 2, N = 5, INNER = 3, EXCLUSIVE = 0, REVERSE = 0 };
#define START() 0.0f
#define STEP(acc, v) (acc + v)
#endif
static void cumulate(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx k = 0; k < INNER; k++) {
            AT acc = START();
            for (dg_idx i = 0; i < N; i++) {
                const dg_idx at = (o * N + (REVERSE ? N - 1 - i : i)) * INNER + k;
                const T v = x[at];
                const AT before = acc;
                acc = STEP(acc, v);
                y[at] = (T)(EXCLUSIVE ? before : acc);
            }
        }
    }
}
