/* avgpool2d_s8: in vectors of 16 channels. Parameters, shapes and results are those of avgpool2d_s8.c. */
#include "dg.h"
#include "dg_vec_pool.h"
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
    enum { UNSIGNED = (XT)-1 > 0, BYTES = (YT)-1 > 0, FAST = !TIES && sizeof(YT) == 1, LAST = (C - 1) % 16 + 1 };
    dg_q_scales by;
    for (int i = 0; i < DG_BLOCK; i++) {
        by.m[i] = dg_viset(MUL);
        by.shift[i] = dg_viset(SHIFT - 33);
    }
    for (dg_idx ox = 0; ox < OW; ox++, y += C) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        dg_pool a = { x, KH, ix * C, DW * C, kx0, kx1 };
        for (dg_idx c = 0; c < C; c += 16, a.at += 16) {
            const int n = C % 16 == 0 || c + 16 <= C ? 16 : LAST;
            dg_vi sums[DG_BLOCK];
            if (n == 16) {
                dg_pool_sum_q(sums, a, 16, UNSIGNED, XZ);
            } else {
                dg_pool_sum_q(sums, a, LAST, UNSIGNED, XZ);
            }
            if (FAST) {
                const dg_b16 r = dg_q_outputs(sums, by, YZ, QMIN, QMAX, BYTES);
                if (n == 16) {
                    memcpy(y + c, &r, 16);
                } else {
                    memcpy(y + c, &r, LAST);
                }
            }
            for (int k = 0; !FAST && k < n; k++) {
                y[c + k] = (YT)dg_clamp(dg_requant(sums[k / DG_VL][k % DG_VL], MUL, SHIFT, TIES) + YZ, QMIN, QMAX);
            }
        }
    }
}
