/* dg_fours.h: products of pixels with the weights of four output channels at a time, for cores with a dozen registers or more and no instructions for
 * several products at once. */
#ifndef DG_FOURS_H
#define DG_FOURS_H

#include "dg_fixed.h"

/* dg_four_round requantizes sum i of a four of channels whose biases, multipliers and shifts are p, to the whole range if that is no wider than
 * bounds of 8 bits. */
DG_INLINE int32_t dg_four_round(int32_t sum, const int32_t DG_ROM *p, int i, int32_t zero, int32_t lo, int32_t hi, int fast)
{
    const int32_t s = (int32_t)((uint32_t)p[8] >> i * 8 & 0xFF);
    if (fast) { /* rounding twice the result with twice the zero point */
        return dg_clamp((((int32_t)((int64_t)sum * p[4 + i] >> 32) >> s) + 2 * zero + 1) >> 1, lo, hi);
    }
    return dg_clamp(dg_requant(sum, p[4 + i], s, 1) + zero, lo, hi);
}

/* DG_FOURS adds to four sums the products of n inputs with weights that stand four to an input, one for each channel. It leaves w behind the
 * weights. */
#define DG_FOURS(sums, p, w, n) \
    for (dg_idx k_ = 0; k_ < (n); k_++, (w) += 4) { \
        const int32_t v_ = (p)[k_]; \
        (sums)[0] += v_ * (w)[0]; \
        (sums)[1] += v_ * (w)[1]; \
        (sums)[2] += v_ * (w)[2]; \
        (sums)[3] += v_ * (w)[3]; \
    }

/* DG_NEIGHBOURS adds to sums[pixels] the products of n neighbours of each pixel, which are `step` apart, with n bytes of words. */
#define DG_NEIGHBOURS(sums, pixels, p, step, words, n) \
    for (dg_idx q_ = 0; q_ < ((n) + 3) / 4; q_++) { \
        const uint32_t four_ = (words)[q_]; \
        DG_UNROLL \
        for (dg_idx k_ = 0; k_ < ((n) - q_ * 4 < 4 ? (n) - q_ * 4 : 4); k_++) { \
            const int32_t v_ = (int8_t)(four_ >> k_ * 8 & 0xFF); \
            DG_UNROLL \
            for (dg_idx i_ = 0; i_ < (pixels); i_++) { \
                (sums)[i_] += (int32_t)(p)[q_ * 4 + k_ + i_ * (step)] * v_; \
            } \
        } \
    }

/* dg_fours says what to compute of pixels: `count` runs of `run` inputs; inputs from a pixel to the next, elements of the output from a pixel to the next,
 * and from a channel to the next; 2 * zero point + 1; bounds; bytes of four channels' weights; w and p as conv2d_four_s8.c has them. */
typedef struct {
    int32_t run, count, channels, far, next_pixel, next_channel, zero, low, high, bytes;
    const int8_t *w;
    const int32_t *p;
} dg_fours;

/* dg_fours_pixel computes all channels of one pixel in C; wide tells int16_t from bytes, fast whether results are rounded by the upper word. */
DG_INLINE void dg_fours_pixel(const void *const *runs, void *y, const dg_fours *a, int is_unsigned, int wide, int fast)
{
    const int8_t *w = a->w;
    const int32_t *p = a->p;
    for (int32_t c = 0; c < a->channels; c += 4, p += 9) {
        int32_t sums[4] = { p[0], p[1], p[2], p[3] };
        for (int32_t r = 0; r < a->count; r++) {
            if (is_unsigned) {
                DG_FOURS(sums, (const uint8_t *)runs[r], w, a->run)
            } else {
                DG_FOURS(sums, (const int8_t *)runs[r], w, a->run)
            }
        }
        for (int32_t i = 0; i < 4 && c + i < a->channels; i++) {
            const int32_t v = dg_four_round(sums[i], p, i, a->zero >> 1, a->low, a->high, fast), at = (c + i) * a->next_channel;
            if (wide) {
                ((int16_t *)y)[at] = (int16_t)v;
            } else {
                ((uint8_t *)y)[at] = (uint8_t)v;
            }
        }
    }
}

#endif
