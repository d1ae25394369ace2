/* dg_rows.h: where the rows of a tensor are, for kernels that compute one row of their output at a time. */
#ifndef DG_ROWS_H
#define DG_ROWS_H

#include "dg.h"

/* dg_window points x to `taps` rows, `step` apart, from number `first` on: NULL for those outside the `rows` that there are. The tensor
 * begins at `at`, a row has `bytes`. */
DG_INLINE void dg_window(const void **x, const void *at, dg_idx first, dg_idx taps, dg_idx step, dg_idx rows, size_t bytes)
{
    for (dg_idx k = 0; k < taps; k++) {
        const dg_idx r = first + k * step;
        x[k] = r < 0 || r >= rows ? NULL : (const uint8_t *)at + (size_t)r * bytes;
    }
}

#endif
