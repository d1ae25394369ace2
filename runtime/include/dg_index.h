/* dg_index.h: indices that come from a model's data. */
#ifndef DG_INDEX_H
#define DG_INDEX_H

#include "dg.h"

/* dg_inside returns an index into n elements; one below 0 counts from the back, one outside becomes the nearest inside. */
DG_INLINE dg_idx dg_inside(int64_t i, int32_t n)
{
    if (i < 0) {
        i += n;
    }
    return (dg_idx)(i < 0 || n == 0 ? 0 : i < n ? i : n - 1);
}

#endif
