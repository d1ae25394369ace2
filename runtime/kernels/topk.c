/* topk: the K greatest elements along an axis (MOST 1), or least, in order; equal ones as they stand. One is found after the other.
 * x [OUTER][N][INNER] in, y and where [OUTER][K][INNER] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { OUTER = 2, N = 5, INNER = 3, K = 2, MOST = 1 };
#define LESS(a, b) ((a) < (b))
#endif
static void topk(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y, int64_t *DG_RESTRICT where)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx k = 0; k < INNER; k++) {
            const dg_idx from = o * (N * INNER) + k;
            dg_idx last = -1;
            for (dg_idx j = 0; j < K; j++) {
                dg_idx best = -1;
                for (dg_idx i = 0; i < N; i++) {
                    const T v = x[from + i * INNER];
                    const T l = x[from + (last < 0 ? i : last) * INNER], b = x[from + (best < 0 ? i : best) * INNER];
                    const int behind = MOST ? LESS(v, l) : LESS(l, v), before = MOST ? LESS(l, v) : LESS(v, l);
                    if (last >= 0 && (before || (!behind && i <= last))) {
                        continue;
                    }
                    if (best < 0 || (MOST ? LESS(b, v) : LESS(v, b))) {
                        best = i;
                    }
                }
                last = best;
                y[(o * K + j) * INNER + k] = x[from + best * INNER];
                where[(o * K + j) * INNER + k] = best;
            }
        }
    }
}
