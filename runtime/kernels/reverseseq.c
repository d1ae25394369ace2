/* reverseseq: the first elements of each sequence of a batch in reverse.
 * x in, y out: sequence b begins at b * BS, its steps are TS apart and INNER long; lens [BATCH] in. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { BATCH = 2, TIME = 3, INNER = 4, BS = 4, TS = 8 };
#endif
static void reverseseq(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT lens, T *DG_RESTRICT y)
{
    for (dg_idx b = 0; b < BATCH; b++) {
        const dg_idx n = (dg_idx)(lens[b] < TIME ? lens[b] : TIME);
        for (dg_idx t = 0; t < TIME; t++) {
            const dg_idx to = b * BS + t * TS, from = b * BS + (t < n ? n - 1 - t : t) * TS;
            for (dg_idx k = 0; k < INNER; k++) {
                y[to + k] = x[from + k];
            }
        }
    }
}
