/* deformconv: convolution over two axes whose taps are moved by offsets and weighted by a mask; channels first.
 * x [N][IC][IH][IW], w [OC][IC/G][FH][FW], offset [N][OG][FH][FW][2][OH][OW], b [OC], mask [N][OG][FH][FW][OH][OW] in;
 * y [N][OC][OH][OW] out. Outside x are zeros. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 1, IC = 2, IH = 4, IW = 4, OC = 2, G = 1, OG = 1, OH = 3, OW = 3, FH = 2, FW = 2, SH = 1, SW = 1, DH = 1, DW = 1, PT = 0, PL = 0 };
#endif
static void deformconv(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT w, const T DG_MEM *DG_RESTRICT offset, const T DG_MEM *DG_RESTRICT b,
                       const T DG_MEM *DG_RESTRICT mask, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N * OC; i++) {
        const dg_idx n = i / OC, oc = i % OC;
        for (dg_idx p = 0; p < OH * OW; p++) {
            T acc = b[oc];
            for (dg_idx k = 0; k < IC / G * FH * FW; k++) {
                const dg_idx tap = k % (FH * FW), ic = oc / (OC / G) * (IC / G) + k / (FH * FW), at = (n * OG + ic / (IC / OG)) * (FH * FW) + tap;
                const float v = (float)(p / OW * SH - PT + tap / FW * DH) + (float)offset[2 * at * (OH * OW) + p];
                const float u = (float)(p % OW * SW - PL + tap % FW * DW) + (float)offset[(2 * at + 1) * (OH * OW) + p];
                if (!(v > -1.0f && v < (float)IH && u > -1.0f && u < (float)IW)) {
                    continue;
                }
                const int32_t y0 = (int32_t)dg_floorf(v), x0 = (int32_t)dg_floorf(u);
                T sum = 0;
                for (int32_t t = 0; t < 4; t++) {
                    const int32_t py = y0 + t / 2, px = x0 + t % 2;
                    if (py >= 0 && py < IH && px >= 0 && px < IW) {
                        const float weight = (1.0f - dg_absf(v - (float)py)) * (1.0f - dg_absf(u - (float)px));
                        sum += (T)weight * x[((n * IC + ic) * IH + (dg_idx)py) * IW + (dg_idx)px];
                    }
                }
                acc += sum * mask[at * (OH * OW) + p] * w[oc * (IC / G * FH * FW) + k];
            }
            *y++ = acc;
        }
    }
}
