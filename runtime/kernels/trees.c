/* trees: decision trees, whose leaves are added up for each target.
 * x [ROWS][FEATURES], roots [TREES] in. A node: feature, with 0x4000 where x != threshold goes on to the next node instead of
 * x <= threshold, and 0x2000 where NaN goes the other way; otherwise to node jump. A leaf: feature -1, its number in jump; its entries are
 * target and weight from start on, PER of them where that is not 0, for targets 0, 1 ... where DENSE is 1.
 * y [ROWS][TARGETS] out: the sum, or for AGGREGATE 1 the mean, 2 the least, 3 the greatest. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
typedef int16_t ROOTT;
typedef int16_t FEATURET;
typedef int16_t JUMPT;
typedef int16_t STARTT;
typedef int16_t TARGETT;
enum { ROWS = 1, FEATURES = 4, TREES = 2, TARGETS = 3, AGGREGATE = 0, PER = 0, DENSE = 0 };
#endif
static void trees(const T *DG_RESTRICT x, const ROOTT DG_ROM *DG_RESTRICT roots, const FEATURET DG_ROM *DG_RESTRICT feature, const T DG_ROM *DG_RESTRICT threshold,
                  const JUMPT DG_ROM *DG_RESTRICT jump, const STARTT DG_ROM *DG_RESTRICT start, const TARGETT DG_ROM *DG_RESTRICT target,
                  const T DG_ROM *DG_RESTRICT weight, T *DG_RESTRICT y)
{
    for (dg_idx r = 0; r < ROWS; r++, x += FEATURES, y += TARGETS) {
        uint8_t seen[TARGETS] = {0};
        for (dg_idx k = 0; k < TARGETS; k++) {
            y[k] = 0;
        }
        for (dg_idx t = 0; t < TREES; t++) {
            int32_t i = roots[t];
            while (feature[i] >= 0) {
                const int32_t f = feature[i];
                const T v = x[f & 0x1fff], limit = threshold[i];
                int on = (f & 0x4000) != 0 ? v != limit : v <= limit;
                if (v != v && (f & 0x2000) != 0) {
                    on = !on;
                }
                i = on ? i + 1 : jump[i];
            }
            const int32_t leaf = jump[i], from = PER > 0 ? leaf * PER : start[leaf], to = PER > 0 ? from + PER : start[leaf + 1];
            for (int32_t e = from; e < to; e++) {
                const int32_t k = DENSE ? e - from : target[e];
                const T w = weight[e];
                if (AGGREGATE < 2) {
                    y[k] += w;
                } else if (!seen[k] || (AGGREGATE == 2 ? w < y[k] : w > y[k])) {
                    y[k] = w;
                }
                seen[k] = 1;
            }
        }
        for (dg_idx k = 0; AGGREGATE == 1 && k < TARGETS; k++) {
            y[k] /= (T)TREES;
        }
    }
}
