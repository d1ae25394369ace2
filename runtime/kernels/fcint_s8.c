/* fcint_s8: sums of products of 8-bit values with constant weights.
 * x [M][K] in, xz its zero point, of row i number i * ZS, w [NO][K], y [M][NO] out: sum((x - xz) * w), within 31 bits. XT: int8_t or uint8_t;
 * WT: int8_t or int16_t. */
#include "dg.h"
#ifndef DG_KERNEL
typedef uint8_t XT;
typedef int8_t WT;
enum { M = 2, K = 5, NO = 3, ZS = 0 };
#endif
static void fcint_s8(const XT *DG_RESTRICT x, const XT *DG_RESTRICT xz, const WT DG_ROM *DG_RESTRICT w, int32_t *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < M; i++, x += K, xz += ZS) {
        const WT DG_ROM *q = w;
        for (dg_idx j = 0; j < NO; j++, q += K) {
            int32_t acc = 0;
            for (dg_idx k = 0; k < K; k++) {
                acc += (int32_t)(x[k] - *xz) * q[k];
            }
            *y++ = acc;
        }
    }
}
