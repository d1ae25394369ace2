/* dg_vec_dw.h: sums of depthwise convolutions in vectors. */
#ifndef DG_VEC_DW_H
#define DG_VEC_DW_H

#include "dg_vec.h"
#include "dg_vec8.h"

/* DG_DW_PIXELS is how many of the pixels of a row are summed up at once, DG_DWQ_PIXELS the same for 8-bit values, DG_DW_TAPS how many taps of a row are written out: all where they
 * are few. */
#define DG_DW_PIXELS(pixels) DG_TILE_PIXELS(pixels, (DG_SUMS / 8))
#define DG_DWQ_PIXELS(pixels) DG_TILE_PIXELS(pixels, (DG_BLOCK + DG_SUMS / 12))
#define DG_DW_TAPS(kw) ((kw) <= 8 ? (kw) : 1)

/* dg_dw is the geometry of a depthwise convolution: that of a row, without what lies above and below. */
typedef struct {
    int kh, kw, stride, dilation;
    int32_t iw, channels;
} dg_dw;

/* dg_dw_taps_f32 adds the products of taps kx ... of a row to the sums of so many pixels. row is at the first channel in question of the row's
 * first pixel; tap 0 of the first pixel is at column ix. Where `inside` is 0 columns beyond the row do not count. `lanes` are read. */
DG_INLINE DG_ALWAYS void dg_dw_taps_f32(dg_vf *sums, const float *row, int32_t ix, int inside, const float *w, int kx, dg_dw a, int pixels, int lanes)
{
    const int taps = DG_DW_TAPS(a.kw);
    DG_WRITTEN_OUT
    for (int k = 0; k < taps; k++) {
        const dg_vf weights = dg_vload_part(w + (kx + k) * a.channels, lanes);
        DG_WRITTEN_OUT
        for (int p = 0; p < pixels; p++) {
            const int32_t at = ix + p * a.stride + (kx + k) * a.dilation;
            if (inside || (at >= 0 && at < a.iw)) {
                sums[p] = dg_vfma(dg_vload_part(row + at * a.channels, lanes), weights, sums[p]);
            }
        }
    }
}

/* dg_dw_f32 sums up so many pixels of channels c ..., whose weights begin at w; rows that are NULL do not count. */
DG_INLINE DG_ALWAYS void dg_dw_f32(dg_vf *sums, const void *const *x, int32_t c, int32_t ix, int inside, const float *w, const float *b, dg_dw a,
                                   int pixels, int lanes)
{
    const dg_vf bias = dg_vload_part(b + c, lanes);
    DG_WRITTEN_OUT
    for (int p = 0; p < pixels; p++) {
        sums[p] = bias;
    }
    w += c;
    for (int ky = 0; ky < a.kh; ky++, w += a.kw * a.channels) {
        for (int kx = 0; x[ky] != NULL && kx < a.kw; kx += DG_DW_TAPS(a.kw)) {
            const float *row = (const float *)x[ky] + c;
            if (inside) {
                dg_dw_taps_f32(sums, row, ix, 1, w, kx, a, pixels, lanes);
            } else {
                dg_dw_taps_f32(sums, row, ix, 0, w, kx, a, pixels, lanes);
            }
        }
    }
}

/* dg_dwq is a block of 16 factors of products, of 8 or 16 bits: words, or 32-bit lanes, in weights with a high word of 0. */
typedef struct {
#if defined(DG_A64) || defined(DG_A32)
    dg_h8 v[2];
#else
    dg_vi v[DG_BLOCK];
#endif
} dg_dwq;

/* dg_dwq_values has n 8-bit values, 0 < n <= 16. */
DG_INLINE DG_ALWAYS dg_dwq dg_dwq_values(const void *p, int n, int is_unsigned)
{
    dg_dwq x;
#if defined(DG_A64) || defined(DG_A32)
    dg_b16_words(x.v, dg_b16_part(p, n), is_unsigned);
#else
    dg_b16_lanes(x.v, dg_b16_part(p, n), is_unsigned);
#endif
    return x;
}

/* dg_dwq_weights has n weights of so many bytes. */
DG_INLINE DG_ALWAYS dg_dwq dg_dwq_weights(const void *p, int n, size_t bytes)
{
    dg_dwq w;
    dg_h8 words[2] = { { 0 }, { 0 } };
    if (bytes == 2) {
        words[0] = (dg_h8)dg_b16_part(p, n < 8 ? 2 * n : 16);
        if (n > 8) {
            words[1] = (dg_h8)dg_b16_part((const uint8_t *)p + 16, 2 * n - 16);
        }
    }
#if defined(DG_A64) || defined(DG_A32)
    if (bytes == 1) {
        dg_b16_words(words, dg_b16_part(p, n), 0);
    }
    w.v[0] = words[0];
    w.v[1] = words[1];
#else
    if (bytes == 1) {
        dg_b16_lanes(w.v, dg_b16_part(p, n), 0);
    } else {
        dg_h8_lanes(w.v, words);
    }
#if defined(DG_X86)
    for (int i = 0; i < DG_BLOCK; i++) {
        w.v[i] &= 0xFFFF;
    }
#endif
#endif
    return w;
}

/* dg_dwq_add adds the products of a block's values and weights to its sums [DG_BLOCK]. */
DG_INLINE DG_ALWAYS void dg_dwq_add(dg_vi *sums, dg_dwq x, dg_dwq w)
{
#if defined(DG_A64)
    __asm__("smlal %0.4s, %1.4h, %2.4h" : "+w"(sums[0]) : "w"(x.v[0]), "w"(w.v[0]));
    __asm__("smlal2 %0.4s, %1.8h, %2.8h" : "+w"(sums[1]) : "w"(x.v[0]), "w"(w.v[0]));
    __asm__("smlal %0.4s, %1.4h, %2.4h" : "+w"(sums[2]) : "w"(x.v[1]), "w"(w.v[1]));
    __asm__("smlal2 %0.4s, %1.8h, %2.8h" : "+w"(sums[3]) : "w"(x.v[1]), "w"(w.v[1]));
#elif defined(DG_A32)
    __asm__("vmlal.s16 %q0, %e1, %e2" : "+w"(sums[0]) : "w"(x.v[0]), "w"(w.v[0]));
    __asm__("vmlal.s16 %q0, %f1, %f2" : "+w"(sums[1]) : "w"(x.v[0]), "w"(w.v[0]));
    __asm__("vmlal.s16 %q0, %e1, %e2" : "+w"(sums[2]) : "w"(x.v[1]), "w"(w.v[1]));
    __asm__("vmlal.s16 %q0, %f1, %f2" : "+w"(sums[3]) : "w"(x.v[1]), "w"(w.v[1]));
#else
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
#if defined(DG_X86) && DG_VL == 4
        sums[i] += (dg_vi)__builtin_ia32_pmaddwd128((dg_h8)x.v[i], (dg_h8)w.v[i]);
#elif defined(DG_X86) && defined(DG_VNNI)
        __asm__("vpdpwssd %2, %1, %0" : "+v"(sums[i]) : "v"(x.v[i]), "v"(w.v[i]));
#elif defined(DG_X86)
        dg_vi products;
        __asm__("vpmaddwd %2, %1, %0" : "=v"(products) : "v"(x.v[i]), "v"(w.v[i]));
        sums[i] += products;
#else
        sums[i] += x.v[i] * w.v[i];
#endif
    }
#endif
}

/* dg_dw_taps_q is dg_dw_taps_f32 for 8-bit values, `bytes` those of a weight. Taps outside the row, or all where that is NULL, are pad, 16 values.
 * sums [pixels][DG_BLOCK]. */
DG_INLINE DG_ALWAYS void dg_dw_taps_q(dg_vi *sums, const uint8_t *row, const uint8_t *pad, int32_t ix, int inside, const uint8_t *w, int kx, dg_dw a,
                                      int pixels, int lanes, size_t bytes, int is_unsigned)
{
    const int taps = DG_DW_TAPS(a.kw);
    DG_WRITTEN_OUT
    for (int k = 0; k < taps; k++) {
        const dg_dwq weights = dg_dwq_weights(w + (size_t)((kx + k) * a.channels) * bytes, lanes, bytes);
        DG_WRITTEN_OUT
        for (int p = 0; p < pixels; p++) {
            const int32_t at = ix + p * a.stride + (kx + k) * a.dilation;
            const uint8_t *value = inside || (row != NULL && at >= 0 && at < a.iw) ? row + at * a.channels : pad;
            dg_dwq_add(sums + p * DG_BLOCK, dg_dwq_values(value, lanes, is_unsigned), weights);
        }
    }
}

/* dg_dw_q sums up so many pixels of channels c ... from the biases on; taps outside count as zero. */
DG_INLINE DG_ALWAYS void dg_dw_q(dg_vi *sums, const void *const *x, int32_t c, int32_t ix, int inside, const void *w, const int32_t *b, dg_dw a, int pixels,
                                 int lanes, size_t bytes, int is_unsigned, int zero)
{
    const uint8_t *weights = (const uint8_t *)w + (size_t)c * bytes;
    const dg_b16 pad = (int8_t)zero - (dg_b16){ 0 };
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
        const int left = lanes - i * DG_VL;
        const dg_vi bias = left >= DG_VL ? dg_viload(b + c + i * DG_VL) : left > 0 ? dg_viload_part(b + c + i * DG_VL, left) : dg_viset(0);
        DG_WRITTEN_OUT
        for (int p = 0; p < pixels; p++) {
            sums[p * DG_BLOCK + i] = bias;
        }
    }
    for (int ky = 0; ky < a.kh; ky++, weights += (size_t)(a.kw * a.channels) * bytes) {
        const uint8_t *row = x[ky] != NULL ? (const uint8_t *)x[ky] + c : NULL;
        for (int kx = 0; (row != NULL || zero != 0) && kx < a.kw; kx += DG_DW_TAPS(a.kw)) {
            if (inside && row != NULL) {
                dg_dw_taps_q(sums, row, NULL, ix, 1, weights, kx, a, pixels, lanes, bytes, is_unsigned);
            } else {
                dg_dw_taps_q(sums, row, (const uint8_t *)&pad, ix, 0, weights, kx, a, pixels, lanes, bytes, is_unsigned);
            }
        }
    }
}

#endif
