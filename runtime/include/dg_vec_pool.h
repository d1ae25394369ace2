/* dg_vec_pool.h: pooling in vectors of channels. */
#ifndef DG_VEC_POOL_H
#define DG_VEC_POOL_H

#include "dg_vec8.h"
#include "dg_vec_math.h"

/* DG_POOL_VECTORS is how many vectors of a pixel's channels a kernel takes at once, a divisor of how many there are. */
#define DG_POOL_VECTORS(channels) ((channels) / DG_VL % 4 == 0 ? 4 : (channels) / DG_VL % 3 == 0 ? 3 : (channels) / DG_VL % 2 == 0 ? 2 : 1)

/* dg_pool is a window in kh rows: taps kx0 ... kx1, `step` values apart; tap 0 of the first channel in question is at index `at` of a row. */
typedef struct {
    const void *const *x;
    int kh;
    int32_t at, step, kx0, kx1;
} dg_pool;

/* dg_pool_sum_f32 adds a window to so many vectors of which `lanes` are read; dg_pool_max_f32 takes the greatest. */
DG_INLINE DG_ALWAYS void dg_pool_sum_f32(dg_vf *v, dg_pool a, int vectors, int lanes)
{
    for (int ky = 0; ky < a.kh; ky++) {
        const float *row = (const float *)a.x[ky];
        for (int32_t kx = a.kx0; row != NULL && kx < a.kx1; kx++) {
            DG_WRITTEN_OUT
            for (int i = 0; i < vectors; i++) {
                v[i] = v[i] + dg_vload_part(row + a.at + kx * a.step + i * DG_VL, lanes);
            }
        }
    }
}

DG_INLINE DG_ALWAYS void dg_pool_max_f32(dg_vf *v, dg_pool a, int vectors, int lanes)
{
    for (int ky = 0; ky < a.kh; ky++) {
        const float *row = (const float *)a.x[ky];
        for (int32_t kx = a.kx0; row != NULL && kx < a.kx1; kx++) {
            DG_WRITTEN_OUT
            for (int i = 0; i < vectors; i++) {
                v[i] = dg_vmax(dg_vload_part(row + a.at + kx * a.step + i * DG_VL, lanes), v[i]);
            }
        }
    }
}

/* dg_h8_add adds a block of int8_t, or of uint8_t, to its words [2]. */
DG_INLINE DG_ALWAYS void dg_h8_add(dg_h8 *words, dg_b16 v, int is_unsigned)
{
#if defined(DG_A64)
    if (!is_unsigned) {
        __asm__("saddw %0.8h, %0.8h, %1.8b" : "+w"(words[0]) : "w"(v));
        __asm__("saddw2 %0.8h, %0.8h, %1.16b" : "+w"(words[1]) : "w"(v));
        return;
    }
#elif defined(DG_A32)
    if (!is_unsigned) {
        __asm__("vaddw.s8 %q0, %q0, %e1" : "+w"(words[0]) : "w"(v));
        __asm__("vaddw.s8 %q0, %q0, %f1" : "+w"(words[1]) : "w"(v));
        return;
    }
#endif
    dg_h8 more[2];
    dg_b16_words(more, v, is_unsigned);
    words[0] += more[0];
    words[1] += more[1];
}

/* dg_pool_sum_q sums up a block of channels, of which `lanes` are read, less zero. Sums of up to 128 values fit in words. */
DG_INLINE DG_ALWAYS void dg_pool_sum_q(dg_vi *sums, dg_pool a, int lanes, int is_unsigned, int32_t zero)
{
    int32_t taps = 0;
    for (int i = 0; i < DG_BLOCK; i++) {
        sums[i] = dg_viset(0);
    }
    for (int ky = 0; ky < a.kh; ky++) {
        const uint8_t *row = (const uint8_t *)a.x[ky];
        for (int32_t from = a.kx0; row != NULL && from < a.kx1; from += 128) {
            const int32_t end = a.kx1 - from < 128 ? a.kx1 : from + 128;
            dg_h8 words[2] = { { 0 }, { 0 } };
            dg_vi more[DG_BLOCK];
            for (int32_t kx = from; kx < end; kx++) {
                dg_h8_add(words, dg_b16_part(row + a.at + kx * a.step, lanes), is_unsigned);
            }
            dg_h8_lanes(more, words);
            for (int i = 0; i < DG_BLOCK; i++) {
                sums[i] += more[i];
            }
            taps += end - from;
        }
    }
    for (int i = 0; i < DG_BLOCK; i++) {
        sums[i] -= taps * zero;
    }
}

/* dg_pool_max_q returns the greatest of a block of channels, of which `lanes` are read. */
DG_INLINE DG_ALWAYS dg_b16 dg_pool_max_q(dg_pool a, int lanes, int is_unsigned)
{
    dg_b16 most = (int8_t)-128 - (dg_b16){ 0 };
    for (int ky = 0; ky < a.kh; ky++) {
        const uint8_t *row = (const uint8_t *)a.x[ky];
        for (int32_t kx = a.kx0; row != NULL && kx < a.kx1; kx++) {
            const dg_b16 v = dg_b16_part(row + a.at + kx * a.step, lanes);
            most = dg_b16_max(most, is_unsigned ? v ^ (int8_t)-128 : v);
        }
    }
    return is_unsigned ? most ^ (int8_t)-128 : most;
}

#endif
