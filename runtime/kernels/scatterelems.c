/* scatterelems: elements written where an index each says, along one axis.
 * x [LEN], at [D0]...[D5], u the same in; y [LEN] out: x, and what UPDATE makes of the element at strides A0 ... A5 and the index times
 * STEP, of LIMIT, and that of u. */
#include "dg.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { LEN = 12, D0 = 1, D1 = 1, D2 = 1, D3 = 1, D4 = 2, D5 = 3, A0 = 0, A1 = 0, A2 = 0, A3 = 0, A4 = 0, A5 = 1, STEP = 3, LIMIT = 4 };
#define UPDATE(v0, v1) ((v0) + (v1))
#endif
static void scatterelems(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT at, const T DG_MEM *DG_RESTRICT u, T *DG_RESTRICT y)
{
    dg_idx count = 0;
    for (dg_idx i = 0; i < LEN; i++) {
        y[i] = x[i];
    }
    for (dg_idx i = 0; i < D0; i++) {
        for (dg_idx j = 0; j < D1; j++) {
            for (dg_idx k = 0; k < D2; k++) {
                for (dg_idx l = 0; l < D3; l++) {
                    for (dg_idx m = 0; m < D4; m++) {
                        for (dg_idx n = 0; n < D5; n++) {
                            const dg_idx to = i * A0 + j * A1 + k * A2 + l * A3 + m * A4 + n * A5 + dg_inside(at[count], LIMIT) * STEP;
                            const T v0 = y[to], v1 = u[count];
                            (void)v0;
                            y[to] = UPDATE(v0, v1);
                            count++;
                        }
                    }
                }
            }
        }
    }
}
