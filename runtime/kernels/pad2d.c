/* pad2d: an image between pixels of one value, one row.
 * x a row [IW][C] of the input, or NULL; y [OW][C] out: PL pixels of VALUE(), the row, and VALUE() again; VALUE() alone where there is no row. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { IW = 4, OW = 7, C = 3, PL = 1 };
#define VALUE() 0.5f
#endif
static void pad2d(DG_ROWS(T) x, T *DG_RESTRICT y)
{
    const dg_idx left = x[0] != NULL ? PL * C : OW * C;
    for (dg_idx i = 0; i < left; i++) {
        y[i] = VALUE();
    }
    if (x[0] != NULL) {
        memcpy(y + PL * C, x[0], (size_t)(IW * C) * sizeof(T));
        for (dg_idx i = (PL + IW) * C; i < OW * C; i++) {
            y[i] = VALUE();
        }
    }
}
