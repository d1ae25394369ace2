/* gather: slices chosen by a list of indices, which may count from the back; one that is outside is the nearest inside.
 * x [OUTER][N][INNER], at [M] in, y [OUTER][M][INNER] out. */
#include "dg.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { OUTER = 2, N = 5, INNER = 3, M = 4 };
#endif
static void gather(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT at, T *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx i = 0; i < M; i++) {
            const dg_idx from = (o * N + dg_inside(at[i], N)) * INNER;
            for (dg_idx k = 0; k < INNER; k++) {
                *y++ = x[from + k];
            }
        }
    }
}
