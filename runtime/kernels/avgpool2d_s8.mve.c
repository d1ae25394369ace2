/* avgpool2d_s8: for cores with Helium, four channels at a time where no half can occur. Parameters, shapes and results are those of avgpool2d_s8.c. */
#include "dg.h"
#include "dg_elements.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1, SHIFT = 33 };
static const int32_t MUL = 1500000000;
#endif
static void avgpool2d_s8(DG_ROWS(XT) x, YT *DG_RESTRICT y)
{
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        if (!TIES && (XT)-1 < 0 && sizeof(YT) == 1) {
            const void *rows[KH];
            dg_elements_pool a = { 0, kx1 - kx0, DW * C, 0 };
            for (dg_idx ky = 0; ky < KH; ky++) {
                if (x[ky] != NULL && kx1 > kx0) {
                    rows[a.rows++] = (const XT *)x[ky] + (ix + kx0 * DW) * C;
                }
            }
            const dg_mean b = { NULL, -XZ * a.rows * a.taps, 1, MUL, 32 - SHIFT, YZ, QMIN, QMAX };
            dg_pool_mean_s8(y, rows, C, &a, &b);
            y += C;
            continue;
        }
        for (dg_idx c = 0; c < C; c++) {
            int32_t sum = 0;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (const XT *)x[ky];
                if (p != NULL) {
                    for (dg_idx kx = kx0; kx < kx1; kx++) {
                        sum += p[(ix + kx * DW) * C + c] - XZ;
                    }
                }
            }
            *y++ = (YT)dg_clamp(dg_requant(sum, MUL, SHIFT, TIES) + YZ, QMIN, QMAX);
        }
    }
}
