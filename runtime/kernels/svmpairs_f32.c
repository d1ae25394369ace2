/* svmpairs_f32: decisions between pairs of classes by their support vectors.
 * k [ROWS][VECTORS], coef [CLASSES-1][VECTORS], first [CLASSES+1]: the first vector of each class, rho [pairs] in; y [ROWS][pairs] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef int16_t IT;
enum { ROWS = 1, CLASSES = 3, VECTORS = 6 };
#endif
static void svmpairs_f32(const float *DG_RESTRICT k, const float DG_ROM *DG_RESTRICT coef, const IT DG_ROM *DG_RESTRICT first, const float DG_ROM *DG_RESTRICT rho, float *DG_RESTRICT y)
{
    for (dg_idx r = 0; r < ROWS; r++, k += VECTORS) {
        dg_idx pair = 0;
        for (dg_idx a = 0; a < CLASSES; a++) {
            for (dg_idx b = a + 1; b < CLASSES; b++) {
                float acc = rho[pair++];
                for (dg_idx v = (dg_idx)first[a]; v < first[a + 1]; v++) {
                    acc += coef[(b - 1) * VECTORS + v] * k[v];
                }
                for (dg_idx v = (dg_idx)first[b]; v < first[b + 1]; v++) {
                    acc += coef[a * VECTORS + v] * k[v];
                }
                *y++ = acc;
            }
        }
    }
}
