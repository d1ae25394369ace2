/* dg_rows.h: where the rows of a tensor are, for kernels that compute one row of their output at a time. */
#ifndef DG_ROWS_H
#define DG_ROWS_H

#include "dg.h"

/* dg_window points x to `taps` rows, `step` apart, from number `first` on: NULL for those outside the `rows` that there are. The last
 * `ring` rows are kept, from `at` on, row r in place r % ring; a row has `bytes`. */
DG_INLINE void dg_window(const void **x, const void *at, dg_idx first, dg_idx taps, dg_idx step, dg_idx rows, dg_idx ring, size_t bytes)
{
    for (dg_idx k = 0; k < taps; k++) {
        const dg_idx r = first + k * step;
        x[k] = r < 0 || r >= rows ? NULL : (const uint8_t *)at + (size_t)(ring < rows ? r % ring : r) * bytes;
    }
}

/* dg_need is how many of the `rows` of an input there must be for row r of the output: those up to r * stride + reach. */
DG_INLINE dg_idx dg_need(dg_idx r, dg_idx stride, dg_idx reach, dg_idx rows)
{
    const dg_idx need = r * stride + reach;
    return need < rows ? need : rows;
}

/* dg_slide drops the first of `rows` rows, and moves the others up. */
DG_INLINE void dg_slide(void *at, dg_idx rows, size_t bytes)
{
    memmove(at, (const uint8_t *)at + bytes, (size_t)(rows - 1) * bytes);
}

#endif
