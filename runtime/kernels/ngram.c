/* ngram: counts, or weights, of the n-grams of a pool in sequences.
 * x [ROWS][N], pool, list [GRAMS][3], weight [GRAMS] in: of each n-gram its length, where it begins in the pool, and its place in y;
 * y [ROWS][SIZE] out. Up to SKIPS elements may lie between two of an n-gram. COUNTED 1: occurrences are counted; WEIGHTED 1: times weight. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int64_t XT;
enum { ROWS = 1, N = 6, GRAMS = 2, SIZE = 3, SKIPS = 0, COUNTED = 1, WEIGHTED = 0 };
#endif
static void ngram(const XT DG_MEM *DG_RESTRICT x, const int64_t DG_ROM *DG_RESTRICT pool, const int32_t DG_ROM *DG_RESTRICT list, const float DG_ROM *DG_RESTRICT weight, float *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < ROWS * SIZE; i++) {
        y[i] = 0.0f;
    }
    for (dg_idx r = 0; r < ROWS; r++) {
        for (dg_idx g = 0; g < GRAMS; g++) {
            const int32_t length = list[3 * g], from = list[3 * g + 1];
            int32_t count = 0;
            for (int32_t step = 1; step <= (length == 1 ? 1 : SKIPS + 1); step++) {
                for (int32_t i = 0; i + (length - 1) * step < N; i++) {
                    int32_t k = 0;
                    while (k < length && (int64_t)x[r * N + (dg_idx)(i + k * step)] == pool[from + k]) {
                        k++;
                    }
                    count += k == length;
                }
            }
            float *out = &y[r * SIZE + (dg_idx)list[3 * g + 2]];
            const float w = WEIGHTED ? weight[g] : 1.0f;
            *out = COUNTED ? *out + (float)count * w : count > 0 ? w : *out;
        }
    }
}
