/* treecode: decision trees that are code of their own, added up for each target.
 * x [ROWS][FEATURES] in, y [ROWS][TARGETS] out: the sum, or for AGGREGATE 1 the mean. ADD(x, y) adds to a row what its trees say. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { ROWS = 1, FEATURES = 4, TREES = 2, TARGETS = 3, AGGREGATE = 0 };
#define ADD(x, y) (y[0] += x[0] <= 0.5f ? 1.0f : 2.0f)
#endif
static void treecode(const T *DG_RESTRICT x, T *DG_RESTRICT y)
{
    for (dg_idx r = 0; r < ROWS; r++, x += FEATURES, y += TARGETS) {
        for (dg_idx k = 0; k < TARGETS; k++) {
            y[k] = 0;
        }
        ADD(x, y);
        for (dg_idx k = 0; AGGREGATE == 1 && k < TARGETS; k++) {
            y[k] /= (T)TREES;
        }
    }
}
