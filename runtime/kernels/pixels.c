/* pixels: planes of channels put together to pixels, one row.
 * x a row [W] of each of C planes, y [W][C] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int8_t T;
enum { W = 4, C = 3 };
#endif
static void pixels(DG_ROWS(T) x, T *DG_RESTRICT y)
{
    for (dg_idx c = 0; c < C; c++) {
        const T *from = (const T *)x[c];
        for (dg_idx i = 0; i < W; i++) {
            y[i * C + c] = from[i];
        }
    }
}
