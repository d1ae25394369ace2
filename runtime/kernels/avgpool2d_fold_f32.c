/* avgpool2d_fold_f32: 2-D average pooling of windows that are KH rows apart, one row of the input, number `row`, at a time.
 * x one row with [C] at each pixel, y [OW][C] the sum of the rows of a window so far, and with the last one the average. Kernel KW wide,
 * stride SW, dilation DW, nothing outside the row. */
#include "dg.h"
#ifndef DG_KERNEL
enum { C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1 };
#endif
static void avgpool2d_fold_f32(DG_ROWS(float) x, float *DG_RESTRICT y, dg_idx row)
{
    const float *from = (const float *)x[0];
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx c = 0; c < C; c++, y++) {
            float sum = row % KH != 0 ? *y : 0.0f;
            for (dg_idx kx = 0; kx < KW; kx++) {
                sum += from[(ox * SW + kx * DW) * C + c];
            }
            *y = row % KH == KH - 1 ? sum / (float)(KH * KW) : sum;
        }
    }
}
