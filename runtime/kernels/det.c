/* det: determinants, by elimination with the greatest element of each column as pivot.
 * x [BATCH][N][N] in, y [BATCH] out. scratch: N * N elements. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { BATCH = 2, N = 3 };
#endif
static void det(const T DG_MEM *DG_RESTRICT x, T *DG_RESTRICT y, void *scratch)
{
    T *m = (T *)scratch;
    for (dg_idx b = 0; b < BATCH; b++) {
        T product = 1;
        for (dg_idx i = 0; i < N * N; i++) {
            m[i] = x[b * (N * N) + i];
        }
        for (dg_idx c = 0; c < N; c++) {
            dg_idx pivot = c;
            for (dg_idx r = c + 1; r < N; r++) {
                const T v = m[r * N + c], p = m[pivot * N + c];
                pivot = (v < 0 ? -v : v) > (p < 0 ? -p : p) ? r : pivot;
            }
            product *= pivot == c ? m[c * N + c] : -m[pivot * N + c];
            for (dg_idx k = 0; k < N; k++) {
                const T v = m[pivot * N + k];
                m[pivot * N + k] = m[c * N + k];
                m[c * N + k] = v;
            }
            for (dg_idx r = c + 1; r < N && product != 0; r++) {
                const T f = m[r * N + c] / m[c * N + c];
                for (dg_idx k = c; k < N; k++) {
                    m[r * N + k] -= f * m[c * N + k];
                }
            }
        }
        y[b] = product;
    }
}
