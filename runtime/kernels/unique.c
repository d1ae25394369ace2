/* unique: the different slices among N, in order where SORTED is 1, or else as they first occur, and how many there are; zeros behind them.
 * x [N][INNER] in; y [N][INNER], where each first occurs [N], each slice's place in y [N], how often each occurs [N] and count [1] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 5, INNER = 2, SORTED = 1 };
#define LESS(a, b) ((a) < (b))
#endif
static void unique(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y, int64_t *DG_RESTRICT first, int64_t *DG_RESTRICT inverse, int64_t *DG_RESTRICT times, int64_t *DG_RESTRICT count)
{
    dg_idx groups = 0;
    for (dg_idx i = 0; i < N; i++) { /* inverse holds, until all are known, where a slice's equal first occurs */
        dg_idx place = groups;
        int known = 0;
        for (dg_idx g = groups; g > 0 && !known; g--) {
            const dg_idx f = (dg_idx)first[g - 1];
            int order = 0;
            for (dg_idx k = 0; k < INNER && order == 0; k++) {
                const T a = x[i * INNER + k], b = x[f * INNER + k];
                order = LESS(a, b) ? -1 : LESS(b, a) ? 1 : 0;
            }
            if (order == 0) {
                known = 1;
                inverse[i] = f;
            } else if (SORTED && order < 0) {
                place = g - 1;
            }
        }
        if (!known) {
            for (dg_idx g = groups; g > place; g--) {
                first[g] = first[g - 1];
            }
            first[place] = i;
            inverse[i] = i;
            groups++;
        }
    }
    for (dg_idx g = 0; g < N; g++) {
        first[g] = g < groups ? first[g] : 0;
        times[g] = 0;
        for (dg_idx k = 0; k < INNER; k++) {
            y[g * INNER + k] = g < groups ? x[(dg_idx)first[g] * INNER + k] : 0;
        }
    }
    for (dg_idx i = 0; i < N; i++) {
        dg_idx g = 0;
        while (first[g] != inverse[i]) {
            g++;
        }
        inverse[i] = g;
        times[g]++;
    }
    count[0] = groups;
}
