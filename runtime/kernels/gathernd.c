/* gathernd: slices chosen by tuples of indices.
 * x [BATCH][VOLUME], at [BATCH][COUNT][WIDTH], dims [2][WIDTH] in: the limits of a tuple's indices, then their strides in x;
 * y [BATCH][COUNT][SIZE] out. */
#include "dg.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { BATCH = 1, COUNT = 2, WIDTH = 2, SIZE = 3, VOLUME = 24 };
#endif
static void gathernd(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT at, const int32_t DG_MEM *DG_RESTRICT dims, T *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < BATCH * COUNT; n++) {
        dg_idx from = n / COUNT * VOLUME;
        for (dg_idx j = 0; j < WIDTH; j++) {
            from += dg_inside(at[n * WIDTH + j], dims[j]) * (dg_idx)dims[WIDTH + j];
        }
        for (dg_idx i = 0; i < SIZE; i++) {
            *y++ = x[from + i];
        }
    }
}
