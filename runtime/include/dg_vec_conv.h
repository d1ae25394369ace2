/* dg_vec_conv.h: sums of convolutions in vectors. */
#ifndef DG_VEC_CONV_H
#define DG_VEC_CONV_H

#include "dg_vec.h"
#include "dg_vec8.h"

/* dg_conv_f32 sums up a tile: `pixels` pixels, `step` values apart, by `blocks` blocks of 16 channels. Of each of kh rows, and of kw places in it that
 * are `apart` values apart, it reads `run` values in a row. w is the panel of the first block: 16 biases, then 16 weights an input; panels
 * are `panel` values apart. sums [pixels][blocks][DG_BLOCK]. */
DG_INLINE DG_ALWAYS void dg_conv_f32(dg_vf *sums, const void *const *rows, int kh, int kw, int32_t apart, int32_t run, int32_t step, const float *w,
                                     int32_t panel, int pixels, int blocks)
{
    const int vectors = blocks * DG_BLOCK;
    DG_WRITTEN_OUT
    for (int i = 0; i < pixels * vectors; i++) {
        sums[i] = dg_vload(w + i % vectors / DG_BLOCK * panel + i % DG_BLOCK * DG_VL);
    }
    w += 16;
    for (int ky = 0; ky < kh; ky++) {
        for (int kx = 0; kx < kw; kx++) {
            const float *x = (const float *)rows[ky] + kx * apart;
            for (int32_t k = 0; k < run; k++, x++, w += 16) {
                dg_vf weights[4 * DG_BLOCK];
                DG_WRITTEN_OUT
                for (int i = 0; i < vectors; i++) {
                    weights[i] = dg_vload(w + i / DG_BLOCK * panel + i % DG_BLOCK * DG_VL);
                }
                DG_WRITTEN_OUT
                for (int i = 0; i < pixels * vectors; i++) {
                    sums[i] = dg_vfma1(weights[i % vectors], x[i / vectors * step], sums[i]);
                }
            }
        }
    }
}

/* dg_conv_q is the same for 8-bit values, four inputs at a time: `run` is a multiple of 4, panels begin with the weights. sums
 * [pixels][blocks][DG_Q_SUMS] begin with 0. */
DG_INLINE DG_ALWAYS void dg_conv_q(dg_vi *sums, const void *const *rows, int kh, int kw, int32_t apart, int32_t run, int32_t step, const int8_t *w,
                                   int32_t panel, int pixels, int blocks, int is_unsigned, int full)
{
    const int parts = blocks * DG_Q_PARTS, fours = DG_Q_EACH > 1 && run >= 8 ? 2 : 1;
    DG_WRITTEN_OUT
    for (int i = 0; i < pixels * blocks * DG_Q_SUMS; i++) {
        sums[i] = dg_viset(0);
    }
    for (int ky = 0; ky < kh; ky++) {
        for (int kx = 0; kx < kw; kx++) {
            const uint8_t *x = (const uint8_t *)rows[ky] + kx * apart;
            int32_t k = 0;
            for (; fours == 2 && k + 8 <= run; k += 8, x += 8, w += 128) {
                dg_q inputs[2 * DG_SUMS];
                DG_WRITTEN_OUT
                for (int p = 0; p < 2 * pixels; p++) {
                    inputs[p] = dg_q_inputs(x + p / 2 * step + p % 2 * 4, is_unsigned);
                }
                DG_WRITTEN_OUT
                for (int i = 0; i < parts; i++) {
                    const int8_t *from = w + i / DG_Q_PARTS * panel + i % DG_Q_PARTS * DG_Q_BYTES;
                    const dg_q first = dg_q_weights(from), second = dg_q_weights(from + 64);
                    DG_WRITTEN_OUT
                    for (int p = 0; p < pixels; p++) {
                        dg_q_add2(sums + (p * parts + i) * DG_Q_EACH, inputs[2 * p], first, inputs[2 * p + 1], second, full);
                    }
                }
            }
            for (; k < run; k += 4, x += 4, w += 64) {
                dg_q inputs[DG_SUMS];
                DG_WRITTEN_OUT
                for (int p = 0; p < pixels; p++) {
                    inputs[p] = dg_q_inputs(x + p * step, is_unsigned);
                }
                DG_WRITTEN_OUT
                for (int i = 0; i < parts; i++) {
                    const dg_q weights = dg_q_weights(w + i / DG_Q_PARTS * panel + i % DG_Q_PARTS * DG_Q_BYTES);
                    DG_WRITTEN_OUT
                    for (int p = 0; p < pixels; p++) {
                        dg_q_add(sums + (p * parts + i) * DG_Q_EACH, inputs[p], weights);
                    }
                }
            }
        }
    }
}

/* dg_q_bias adds to sums of inputs, to which `shift` was added, the biases in q and what that made of them. */
DG_INLINE DG_ALWAYS dg_vi dg_q_bias(dg_vi sums, const int32_t *q, int shift)
{
    const dg_vu biased = (dg_vu)sums + (dg_vu)dg_viload(q), moved = (dg_vu)dg_viload(q + 16);
    return (dg_vi)(shift > 0 ? biased - moved : shift < 0 ? biased + moved : biased);
}

/* dg_columns copies the inputs of so many pixels, `step` bytes apart, one after the other, of each `run` bytes from kw places of kh rows, then 0 up to
 * `size`. */
DG_INLINE DG_ALWAYS void dg_columns(uint8_t *to, const void *const *rows, int kh, int kw, int32_t apart, int32_t run, int32_t step, int32_t size, int pixels)
{
    for (int p = 0; p < pixels; p++, to += size) {
        memset(to + size - 4, 0, 4);
        for (int k = 0; k < kh * kw; k++) {
            memcpy(to + k * run, (const uint8_t *)rows[k / kw] + k % kw * apart + p * step, (size_t)run);
        }
    }
}

#endif
