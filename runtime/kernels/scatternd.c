/* scatternd: slices written where tuples of indices say.
 * x [LEN], at [COUNT][WIDTH], dims [2][WIDTH], u [COUNT][SIZE] in: dims are the limits of a tuple's indices, then their strides;
 * y [LEN] out: x, and what UPDATE makes of an element and that of u. */
#include "dg.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { LEN = 24, COUNT = 2, WIDTH = 2, SIZE = 3 };
#define UPDATE(v0, v1) ((v0) + (v1))
#endif
static void scatternd(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT at, const int32_t DG_MEM *DG_RESTRICT dims, const T DG_MEM *DG_RESTRICT u, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < LEN; i++) {
        y[i] = x[i];
    }
    for (dg_idx n = 0; n < COUNT; n++) {
        dg_idx to = 0;
        for (dg_idx j = 0; j < WIDTH; j++) {
            to += dg_inside(at[n * WIDTH + j], dims[j]) * (dg_idx)dims[WIDTH + j];
        }
        for (dg_idx i = 0; i < SIZE; i++) {
            const T v0 = y[to + i], v1 = u[n * SIZE + i];
            (void)v0;
            y[to + i] = UPDATE(v0, v1);
        }
    }
}
