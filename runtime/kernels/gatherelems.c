/* gatherelems: elements chosen by an index each, along one axis.
 * at [D0]...[D5] in, y the same out; x in, whose element is at strides A0 ... A5 and the index times STEP, of LIMIT. */
#include "dg.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { D0 = 1, D1 = 1, D2 = 1, D3 = 1, D4 = 2, D5 = 3, A0 = 0, A1 = 0, A2 = 0, A3 = 0, A4 = 0, A5 = 1, STEP = 3, LIMIT = 4 };
#endif
static void gatherelems(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT at, T *DG_RESTRICT y)
{
    dg_idx count = 0;
    for (dg_idx i = 0; i < D0; i++) {
        for (dg_idx j = 0; j < D1; j++) {
            for (dg_idx k = 0; k < D2; k++) {
                for (dg_idx l = 0; l < D3; l++) {
                    for (dg_idx m = 0; m < D4; m++) {
                        for (dg_idx n = 0; n < D5; n++) {
                            const dg_idx from = i * A0 + j * A1 + k * A2 + l * A3 + m * A4 + n * A5;
                            y[count] = x[from + dg_inside(at[count], LIMIT) * STEP];
                            count++;
                        }
                    }
                }
            }
        }
    }
}
