/* conv2d_fpu_f32: 2-D convolution with weights packed for eight output channels at a time, one row of the output.
 * x KH rows [IW][IC] of the input, y [OW][OC] out. w has a block for every eight output channels, of [1+KH*KW*IC][8], and one for the others, as wide as
 * they are many: biases, then the weights of every input.
 * Kernel KH x KW, stride SW, dilation DW, padding PL to the left; taps outside a row and rows that are NULL count as 0.
 * ACT: 1, results are at least LOW; 2, and at most HIGH. */
#include "dg.h"
#ifndef DG_KERNEL
enum { IW = 4, IC = 3, OW = 2, OC = 13, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, ACT = 2 };
static const float LOW = 0.0f, HIGH = 6.0f;
#define POST(v) (v)
#endif
static void conv2d_fpu_f32(DG_ROWS(float) x, const float DG_ROM *DG_RESTRICT w, float *DG_RESTRICT y)
{
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx oc = 0; oc < OC; oc++) {
            const dg_idx wide = oc < OC / 8 * 8 ? 8 : OC % 8;
            const float DG_ROM *q = w + oc / 8 * 8 * (1 + KH * KW * IC) + oc % 8;
            float acc = *q;
            for (dg_idx t = 0; t < KH * KW; t++) {
                const float *row = (const float *)x[t / KW];
                const dg_idx ix = ox * SW - PL + t % KW * DW;
                for (dg_idx ic = 0; ic < IC; ic++) {
                    q += wide;
                    if (row != NULL && ix >= 0 && ix < IW) {
                        acc += row[ix * IC + ic] * *q;
                    }
                }
            }
            acc = POST(acc);
            acc = ACT > 0 && acc < LOW ? LOW : acc;
            *y++ = ACT > 1 && acc > HIGH ? HIGH : acc;
        }
    }
}
