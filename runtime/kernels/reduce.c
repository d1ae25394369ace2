/* reduce: elements of any type brought together along one axis.
 * x [OUTER][N][INNER] in, y [OUTER][INNER] out; accumulated in AT. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int32_t AT;
enum { OUTER = 2, N = 5, INNER = 3 };
#define START() 0
#define STEP(acc, v) (acc + v)
#define FINISH(acc, n) (acc / n)
#endif
static void reduce(const XT DG_MEM *DG_RESTRICT x, XT *DG_RESTRICT y)
{
    const AT n = (AT)N;
    (void)n;
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx k = 0; k < INNER; k++) {
            AT acc = START();
            for (dg_idx i = 0; i < N; i++) {
                const XT v = x[(o * N + i) * INNER + k];
                acc = STEP(acc, v);
            }
            *y++ = (XT)FINISH(acc, n);
        }
    }
}
