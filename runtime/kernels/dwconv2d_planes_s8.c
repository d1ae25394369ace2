/* dwconv2d_planes_s8: depthwise 2-D convolution of 8-bit values in planes, requantized per channel, one row of the output.
 * x KH rows of the input, planes [C][XW] with their padding in front, and what is behind the last, w [C][4+KH*KQ]: of a channel bias, multiplier, shift less 33, (2*YZ+1)<<shift, then its weights,
 * four to a word, KQ words for each of KH, those beyond KW being 0; y [OW][C] out.
 * y = clamp(round((b + sum(x * w)) * m * 2^-s) + YZ, QMIN, QMAX), no half occurs. Rows that are NULL count as XP throughout.
 * XT, YT: int8_t or uint8_t. Kernel KH x KW, stride SW. XR >= ((OW+3)/4*4-1)*SW+KQ*4 is how far planes are
 * read, the last one beyond its end. scratch: XR bytes. */
#include "dg.h"
#include "dg_fours.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { XW = 6, XR = 12, C = 3, OW = 3, KH = 3, KW = 3, KQ = 1, SW = 2, XP = 3, YZ = -5, QMIN = -128, QMAX = 127 };
#endif
static void dwconv2d_planes_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT w, YT *DG_RESTRICT y, void *scratch)
{
    const XT *const pad = (const XT *)memset(scratch, (XT)XP, XR);
    for (dg_idx c = 0; c < C; c++, w += 4 + KH * KQ, y++) {
        const int32_t bias = (int32_t)w[0], mul = (int32_t)w[1], shift = (int32_t)w[2];
        for (dg_idx ox = 0; ox < OW; ox += 4) {
            int32_t sums[4] = { bias, bias, bias, bias };
            const dg_idx pixels = OW - ox < 4 ? OW - ox : 4;
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *p = (x[ky] != NULL ? (const XT *)x[ky] + c * XW : pad) + ox * SW;
                if (pixels > 1) {
                    DG_NEIGHBOURS(sums, 4, p, SW, w + 4 + ky * KQ, KW)
                } else {
                    DG_NEIGHBOURS(sums, 1, p, SW, w + 4 + ky * KQ, KW)
                }
            }
            DG_UNROLL
            for (dg_idx i = 0; i < 4; i++) {
                if (OW % 4 == 0 || i < pixels) {
                    y[(ox + i) * C] = (YT)dg_clamp((((int32_t)((int64_t)sums[i] * mul >> 32) >> shift) + 2 * YZ + 1) >> 1, QMIN, QMAX);
                }
            }
        }
    }
}
