/* maxroipool: regions of an image cut into bins, each its greatest pixel; 0 where it has none.
 * x [N][C][IH][IW], rois [R][5] in: the image's number, then two corners; y [R][C][OH][OW] out. */
#include "dg.h"
#include "dg_sample.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 1, C = 2, IH = 6, IW = 5, R = 2, OH = 2, OW = 2 };
static const float SCALE = 0.5f;
#endif
static void maxroipool(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT rois, T *DG_RESTRICT y)
{
    for (dg_idx r = 0; r < R; r++) {
        int32_t side[4];
        for (dg_idx i = 0; i < 4; i++) {
            const float v = (float)rois[r * 5 + 1 + i] * SCALE;
            side[i] = (int32_t)(v < 0.0f ? dg_ceilf(v - 0.5f) : dg_floorf(v + 0.5f));
        }
        const float bw = (float)(side[2] < side[0] ? 1 : side[2] - side[0] + 1) / (float)OW;
        const float bh = (float)(side[3] < side[1] ? 1 : side[3] - side[1] + 1) / (float)OH;
        for (dg_idx c = 0; c < C; c++) {
            const dg_idx from = (dg_inside((int64_t)rois[r * 5], N) * C + c) * (IH * IW);
            for (dg_idx o = 0; o < OH * OW; o++) {
                const int32_t ylo = side[1] + (int32_t)dg_floorf((float)(o / OW) * bh), yhi = side[1] + (int32_t)dg_ceilf((float)(o / OW + 1) * bh);
                const int32_t xlo = side[0] + (int32_t)dg_floorf((float)(o % OW) * bw), xhi = side[0] + (int32_t)dg_ceilf((float)(o % OW + 1) * bw);
                T best = 0;
                int found = 0;
                for (int32_t i = ylo < 0 ? 0 : ylo; i < yhi && i < IH; i++) {
                    for (int32_t j = xlo < 0 ? 0 : xlo; j < xhi && j < IW; j++) {
                        const T v = x[from + (dg_idx)(i * IW + j)];
                        best = !found || v > best ? v : best;
                        found = 1;
                    }
                }
                *y++ = best;
            }
        }
    }
}
