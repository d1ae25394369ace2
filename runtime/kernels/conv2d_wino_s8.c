/* conv2d_wino_s8: 2-D convolution of 8-bit values with three by three taps, without stride and dilation, whose weights are transformed for
 * Winograd's F(2x2, 3x3), one row of the output.
 * x 4 rows [IW][IC] of the input, quads [OC/4][4+32*IC+5], y [OW][OC] out. IC and OC are multiples of 4, IC is 8 at least, OW 3.
 * The words of four channels: four times their biases; for each of 16 places, [4][4], of which in a line the second comes first, IC/2 times a pair of
 * transformed weights for each channel, pairs in the order of dg_quads.h; four multipliers; four shifts, a byte each. Transformed weights are four times those of
 * the paper.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX), m and s + 2 being for rounding the upper word. XT, YT: int8_t or uint8_t.
 * Padding PL to the left; taps outside a row and rows that are NULL count as XZ. row is the number of the output's row.
 * scratch: OW * OC bytes, rounded up to a multiple of 8, which stay: the row of an odd number may be computed with that before it; then
 * 113 * IC + 512. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, IC = 8, OW = 3, OC = 4, PL = 1, XZ = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void conv2d_wino_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT quads, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    static const int8_t lines[3][4] = { { 1, 0, 0, 0 }, { 0, 1, -1, 0 }, { 0, 0, 0, 1 } }; /* takes weights out of their transform, times two */
    enum { WORDS = 4 + 32 * IC + 5 };
    (void)scratch;
    (void)row;
    for (dg_idx ox = 0; ox < OW; ox++) {
        for (dg_idx oc = 0; oc < OC; oc++) {
            const uint32_t DG_ROM *q = quads + oc / 4 * WORDS;
            int32_t acc = (int32_t)q[oc % 4];
            for (dg_idx t = 0; t < 9; t++) {
                const dg_idx ix = ox - PL + t % 3;
                const XT *in = x[t / 3] != NULL && ix >= 0 && ix < IW ? (const XT *)x[t / 3] + ix * IC : NULL;
                for (dg_idx ic = 0; ic < IC; ic++) { /* input k is in half k/2%2 of pair k/4*2 + k%2 */
                    int32_t w = 0;
                    for (dg_idx place = 0; place < 16; place++) {
                        const uint32_t two = q[4 + (place * (IC / 2) + ic / 4 * 2 + ic % 2) * 4 + oc % 4];
                        w += lines[t / 3][place / 4] * lines[t % 3][place % 4 < 2 ? 1 - place % 4 : place % 4] * (int16_t)(two >> ic / 2 % 2 * 16 & 0xFFFF);
                    }
                    acc += (in != NULL ? in[ic] : (XT)XZ) * w;
                }
            }
            const int32_t m = (int32_t)q[4 + 32 * IC + oc % 4], s = (int32_t)(q[4 + 32 * IC + 4] >> oc % 4 * 8 & 0xFF);
            y[ox * OC + oc] = (YT)dg_clamp(dg_requant(acc, m, 33 + s, 0) + YZ, QMIN, QMAX);
        }
    }
}
