/* gridsample: an image read at the places of a grid, up to three axes.
 * x [N][C][ID][IH][IW], grid [N][POINTS][RANK] in: coordinates from -1 to 1, the last axis first; y [N][C][POINTS] out. */
#include "dg.h"
#include "dg_sample.h"
#ifndef DG_KERNEL
typedef float T;
typedef float GT;
enum { N = 1, C = 2, ID = 1, IH = 4, IW = 5, POINTS = 6, RANK = 2, MODE = DG_LINEAR, PADDING = DG_ZEROS, ALIGN = 0 };
#endif
static void gridsample(const T DG_MEM *DG_RESTRICT x, const GT DG_MEM *DG_RESTRICT grid, T *DG_RESTRICT y)
{
    for (dg_idx n = 0; n < N; n++) {
        for (dg_idx p = 0; p < POINTS; p++) {
            int32_t pos[3][4] = {{0}}, count[3] = {1, 1, 1};
            float weight[3][4] = {{1.0f}, {1.0f}, {1.0f}};
            const int32_t size[3] = {IW, IH, ID};
            for (dg_idx a = 0; a < RANK; a++) {
                count[a] = dg_grid((float)grid[(n * POINTS + p) * RANK + a], size[a], MODE, PADDING, ALIGN, pos[a], weight[a]);
            }
            for (dg_idx c = 0; c < C; c++) {
                T acc = 0;
                for (int32_t i = 0; i < count[2]; i++) {
                    for (int32_t j = 0; j < count[1]; j++) {
                        for (int32_t k = 0; k < count[0]; k++) {
                            if (pos[2][i] >= 0 && pos[1][j] >= 0 && pos[0][k] >= 0) {
                                const dg_idx at = (((n * C + c) * ID + (dg_idx)pos[2][i]) * IH + (dg_idx)pos[1][j]) * IW + (dg_idx)pos[0][k];
                                acc += (T)(weight[2][i] * weight[1][j] * weight[0][k]) * x[at];
                            }
                        }
                    }
                }
                y[(n * C + c) * POINTS + p] = acc;
            }
        }
    }
}
