/* dg_vec.h: vectors, by what GCC and clang have for them in C, as wide as the machine that the C is compiled for: 512 bits with AVX-512,
 * 256 with AVX2, 128 with NEON and SSE2. Channels come in blocks of 16, which are one, two or four vectors of 32-bit lanes. */
#ifndef DG_VEC_H
#define DG_VEC_H

#include "dg.h"

#if !defined(__GNUC__) || defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "this was compiled by deepgo for GCC or clang on a little-endian machine: compile the model for --target portable"
#endif
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define DG_VL 16 /* lanes of 32 bits */
#elif defined(__AVX2__)
#define DG_VL 8
#else
#define DG_VL 4
#endif
#if DG_VL == 16 || defined(__aarch64__)
#define DG_SUMS 24 /* vectors that a kernel may sum up in at once: the registers, but for what it reads */
#elif DG_VL == 8
#define DG_SUMS 12
#else
#define DG_SUMS 8
#endif
#define DG_BLOCK (16 / DG_VL) /* vectors of a block of channels */
#define DG_ALWAYS __attribute__((always_inline))

typedef float __attribute__((vector_size(4 * DG_VL))) dg_vf;
typedef int32_t __attribute__((vector_size(4 * DG_VL))) dg_vi;

/* DG_WRITTEN_OUT asks for a loop with few, constant rounds to be written out, so that arrays of vectors become registers. */
#if defined(__clang__)
#define DG_WRITTEN_OUT _Pragma("unroll")
#else
#define DG_WRITTEN_OUT _Pragma("GCC unroll 64")
#endif

/* How a kernel cuts `pixels` of a row, each with `blocks` of channels of which one takes `sums` vectors, into tiles whose sums stay in
 * registers: DG_TILE_BLOCKS blocks, a divisor of their number, by DG_TILE_PIXELS pixels. The last tile may overlap the one before. */
#define DG_TILE_WANTED (DG_VL == 16 ? 12 : 6) /* pixels, so that weights are read seldom */
#define DG_TILE_FITS(d, pixels, blocks, sums) ((blocks) % (d) == 0 && (d) * (sums) * ((pixels) < DG_TILE_WANTED ? (pixels) : DG_TILE_WANTED) <= DG_SUMS)
#define DG_TILE_BLOCKS(pixels, blocks, sums) \
    (DG_TILE_FITS(4, pixels, blocks, sums) ? 4 : DG_TILE_FITS(3, pixels, blocks, sums) ? 3 : DG_TILE_FITS(2, pixels, blocks, sums) ? 2 : 1)
#define DG_TILE_MOST(sums) ((sums) < DG_SUMS ? DG_SUMS / (sums) : 1)
#define DG_TILES(pixels, sums) (((pixels) + DG_TILE_MOST(sums) - 1) / DG_TILE_MOST(sums))
#define DG_TILE_PIXELS(pixels, sums) (((pixels) + DG_TILES(pixels, sums) - 1) / DG_TILES(pixels, sums))
#define DG_TILE_AT(x, pixels, tile) ((int)(tile) == (int)(pixels) ? 0 : (x) < (pixels) - (tile) ? (x) : (pixels) - (tile)) /* where that at x begins */

DG_INLINE DG_ALWAYS dg_vf dg_vload(const float *p)
{
    dg_vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

DG_INLINE DG_ALWAYS void dg_vstore(float *p, dg_vf v) { memcpy(p, &v, sizeof v); }

/* dg_vload_part loads n lanes, 0 < n <= DG_VL; the others are 0. dg_vstore_part stores n of them. */
DG_INLINE DG_ALWAYS dg_vf dg_vload_part(const float *p, int n)
{
    dg_vf v = { 0 };
    if (n == DG_VL) {
        return dg_vload(p);
    }
#if DG_VL == 4
    v[0] = p[0];
    v[1] = n > 1 ? p[1] : 0.0f;
    v[2] = n > 2 ? p[2] : 0.0f;
#elif DG_VL == 8
    v = __builtin_ia32_maskloadps256((const dg_vf *)(const void *)p, (dg_vi){ 0, 1, 2, 3, 4, 5, 6, 7 } < n);
#else
    v = __builtin_ia32_loadups512_mask(p, v, (uint16_t)((1 << n) - 1));
#endif
    return v;
}

DG_INLINE DG_ALWAYS void dg_vstore_part(float *p, dg_vf v, int n) { memcpy(p, &v, (size_t)n * sizeof *p); }

/* dg_vset has s in every lane. */
DG_INLINE DG_ALWAYS dg_vf dg_vset(float s) { return s - (dg_vf){ 0 }; }

/* dg_vfma returns a * b + c, rounded once where the machine has an instruction for that. With DG_ROUNDED the product is rounded, too, as plain C
 * does: to compare bits with another machine's. */
DG_INLINE DG_ALWAYS dg_vf dg_vfma(dg_vf a, dg_vf b, dg_vf c)
{
#if defined(DG_ROUNDED)
    return a * b + c;
#elif defined(__clang__)
    _Pragma("clang fp contract(fast)")
    return a * b + c;
#elif DG_VL == 16
    return __builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4);
#elif DG_VL == 8 && defined(__FMA__)
    return __builtin_ia32_vfmaddps256(a, b, c);
#elif defined(__aarch64__)
    __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(c) : "w"(a), "w"(b));
    return c;
#elif defined(__ARM_NEON) /* of which GCC uses no float arithmetic by itself */
    __asm__("vmla.f32 %q0, %q1, %q2" : "+w"(c) : "w"(a), "w"(b));
    return c;
#else
    return a * b + c;
#endif
}

/* dg_vfma1 returns a * s + c for one number s. */
DG_INLINE DG_ALWAYS dg_vf dg_vfma1(dg_vf a, float s, dg_vf c)
{
#if defined(__aarch64__) && !defined(__clang__) && !defined(DG_ROUNDED)
    __asm__("fmla %0.4s, %1.4s, %2.s[0]" : "+w"(c) : "w"(a), "w"(s));
    return c;
#else
    return dg_vfma(a, dg_vset(s), c);
#endif
}

/* dg_aligned is the first multiple of 64 from an address on. */
DG_INLINE void *dg_aligned(void *p) { return (uint8_t *)p + (64 - ((uintptr_t)p & 63)) % 64; }

/* DG_LANES1 is a vector of an expression over each lane of v, whose name is l; DG_LANES2 and DG_LANES3 are the same for more vectors. */
#define DG_LANES1(v, l, expression) \
    __extension__({ \
        dg_vf r_ = (v); \
        for (int i_ = 0; i_ < DG_VL; i_++) { \
            const float l = r_[i_]; \
            r_[i_] = (expression); \
        } \
        r_; \
    })
#define DG_LANES2(v, l, u, k, expression) \
    __extension__({ \
        dg_vf r_ = (v), s_ = (u); \
        for (int i_ = 0; i_ < DG_VL; i_++) { \
            const float l = r_[i_], k = s_[i_]; \
            r_[i_] = (expression); \
        } \
        r_; \
    })
#define DG_LANES3(v, l, u, k, w, j, expression) \
    __extension__({ \
        dg_vf r_ = (v), s_ = (u), t_ = (w); \
        for (int i_ = 0; i_ < DG_VL; i_++) { \
            const float l = r_[i_], k = s_[i_], j = t_[i_]; \
            r_[i_] = (expression); \
        } \
        r_; \
    })

/* dg_patch copies `columns` columns of `bytes` bytes from number `first` on of each of the rows x to `to`, those outside of the IW columns that
 * there are, and rows that are NULL, as bytes `pad`. rows then point to the copies. */
DG_INLINE void dg_patch(const void **rows, const void *const *x, int32_t count, void *to, int32_t first, int32_t columns, int32_t iw, size_t bytes, int pad)
{
    uint8_t *p = (uint8_t *)to;
    for (int32_t k = 0; k < count; k++, p += (size_t)columns * bytes) {
        const int32_t from = first < 0 ? 0 : first, end = first + columns < iw ? first + columns : iw;
        rows[k] = p;
        if (x[k] == NULL || from >= end) {
            memset(p, pad, (size_t)columns * bytes);
            continue;
        }
        memset(p, pad, (size_t)(from - first) * bytes);
        memcpy(p + (size_t)(from - first) * bytes, (const uint8_t *)x[k] + (size_t)from * bytes, (size_t)(end - from) * bytes);
        memset(p + (size_t)(end - first) * bytes, pad, (size_t)(first + columns - end) * bytes);
    }
}

#endif
