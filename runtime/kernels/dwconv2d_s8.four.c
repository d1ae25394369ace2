/* dwconv2d_s8: for cores with a dozen registers or more, four pixels at a time where all taps are inside. Parameters, shapes and results are those of
 * dwconv2d_s8.c. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { IW = 4, IC = 3, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void dwconv2d_s8(DG_ROWS(XT) x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                        const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { PX = 4, PER = OC / IC };
    for (dg_idx ox = 0, pixels; ox < OW; ox += pixels) {
        const dg_idx ix = ox * SW - PL;
        pixels = ix >= 0 && ox + PX <= OW && ix + (PX - 1) * SW + (KW - 1) * DW < IW ? PX : 1;
        for (dg_idx oc = 0; oc < OC; oc++) {
            const int32_t bias = b[oc];
            const WT DG_ROM *q = w + oc;
            int32_t sums[PX] = { bias, bias, bias, bias };
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *row = (const XT *)x[ky];
                if (row == NULL) {
                    DG_UNROLL
                    for (dg_idx kx = 0; kx < KW; kx++) {
                        const int32_t v = (int32_t)XZ * q[kx * OC];
                        DG_UNROLL
                        for (dg_idx i = 0; i < PX; i++) {
                            sums[i] += v;
                        }
                    }
                } else if (pixels == PX) {
                    const XT *p = row + ix * IC + oc / PER;
                    DG_UNROLL
                    for (dg_idx kx = 0; kx < KW; kx++) {
                        const int32_t v = q[kx * OC];
                        DG_UNROLL
                        for (dg_idx i = 0; i < PX; i++) {
                            sums[i] += (int32_t)p[(i * SW + kx * DW) * IC] * v;
                        }
                    }
                } else {
                    for (dg_idx kx = 0; kx < KW; kx++) {
                        const dg_idx tx = ix + kx * DW;
                        sums[0] += (int32_t)(tx >= 0 && tx < IW ? row[tx * IC + oc / PER] : (XT)XZ) * q[kx * OC];
                    }
                }
                q += KW * OC;
            }
            const int32_t mul = m[oc], shift = s[oc];
            DG_UNROLL
            for (dg_idx i = 0; i < PX; i++) {
                if (i < pixels) {
                    y[(ox + i) * OC + oc] = (YT)dg_clamp(dg_requant(sums[i], mul, shift, TIES) + YZ, QMIN, QMAX);
                }
            }
        }
    }
}
