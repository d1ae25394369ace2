/* argbest: where the greatest element along an axis is (MOST 1), or the least; the last of equal ones where LAST is 1.
 * x [OUTER][N][INNER] in, y [OUTER][INNER] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { OUTER = 2, N = 5, INNER = 3, MOST = 1, LAST = 0 };
#define LESS(a, b) ((a) < (b))
#endif
static void argbest(const T DG_MEM *DG_RESTRICT x, int64_t *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx k = 0; k < INNER; k++) {
            const dg_idx from = o * (N * INNER) + k;
            dg_idx best = 0;
            for (dg_idx i = 1; i < N; i++) {
                const T v = x[from + i * INNER], b = x[from + best * INNER];
                if (MOST ? LESS(b, v) || (LAST && !LESS(v, b)) : LESS(v, b) || (LAST && !LESS(b, v))) {
                    best = i;
                }
            }
            *y++ = best;
        }
    }
}
