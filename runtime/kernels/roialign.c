/* roialign: regions of an image cut into bins, each the average of samples between pixels, or the greatest weighted pixel (MOST 1).
 * x [N][C][IH][IW], rois [R][4], batch [R] in, y [R][C][OH][OW] out. SAMPLES an axis of a bin, as many as it has pixels where 0. */
#include "dg.h"
#include "dg_sample.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { N = 1, C = 2, IH = 6, IW = 5, R = 2, OH = 2, OW = 2, SAMPLES = 2, MOST = 0, HALF = 1 };
static const float SCALE = 0.5f;
#endif
static void roialign(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT rois, const IT DG_MEM *DG_RESTRICT batch, T *DG_RESTRICT y)
{
    for (dg_idx r = 0; r < R; r++) {
        const float shift = HALF ? 0.5f : 0.0f;
        const float x0 = (float)rois[r * 4] * SCALE - shift, y0 = (float)rois[r * 4 + 1] * SCALE - shift;
        const float w = (float)rois[r * 4 + 2] * SCALE - shift - x0, h = (float)rois[r * 4 + 3] * SCALE - shift - y0;
        const float bw = (HALF ? w : dg_maxf(w, 1.0f)) / (float)OW, bh = (HALF ? h : dg_maxf(h, 1.0f)) / (float)OH;
        const int32_t rows = SAMPLES > 0 ? SAMPLES : (int32_t)dg_ceilf(bh), cols = SAMPLES > 0 ? SAMPLES : (int32_t)dg_ceilf(bw);
        for (dg_idx c = 0; c < C; c++) {
            const dg_idx from = (dg_inside(batch[r], N) * C + c) * (IH * IW);
            for (dg_idx o = 0; o < OH * OW; o++) {
                T sum = 0, best = 0;
                for (int32_t i = 0; i < rows * cols; i++) {
                    const float py = y0 + ((float)(o / OW) + ((float)(i / cols) + 0.5f) / (float)rows) * bh;
                    const float px = x0 + ((float)(o % OW) + ((float)(i % cols) + 0.5f) / (float)cols) * bw;
                    if (py < -1.0f || py > (float)IH || px < -1.0f || px > (float)IW) {
                        continue;
                    }
                    int32_t ylo, yhi, xlo, xhi;
                    const float fy = dg_between(py, IH, &ylo, &yhi), fx = dg_between(px, IW, &xlo, &xhi);
                    for (int32_t t = 0; t < 4; t++) {
                        const float wy = t < 2 ? 1.0f - fy : fy, wx = t % 2 == 0 ? 1.0f - fx : fx;
                        const T v = (T)(wy * wx) * x[from + (dg_idx)((t < 2 ? ylo : yhi) * IW + (t % 2 == 0 ? xlo : xhi))];
                        sum += v;
                        best = v > best ? v : best;
                    }
                }
                *y++ = MOST ? best : sum / (T)(rows * cols > 0 ? rows * cols : 1);
            }
        }
    }
}
