/* dg_vec8.h: 8-bit values in vectors: sums of their products, and sums brought back to 8 bits.
 *
 * Channels are in blocks of 16. Products take four inputs of each channel at a time, whose weights are 64 bytes, [16][4]. How a machine
 * multiplies decides how many vectors of sums a block has:
 *   VNNI, DOTPROD   a lane for each channel: four products are added at once;
 *   others          two lanes, for two products each, which are added in the end.
 * Inputs are moved to where the machine takes them: DG_Q_SHIFT(is_unsigned) is what is then added to them.
 *
 * GCC has most of these instructions as builtin functions that clang has not, or the other way round; assembly is the same for both. */
#ifndef DG_VEC8_H
#define DG_VEC8_H

#include "dg_vec.h"
#include "dg_fixed.h"

#if defined(__x86_64__) || (defined(__i386__) && defined(__SSE2__))
#define DG_X86 1
#elif defined(__aarch64__)
#define DG_A64 1
#elif defined(__ARM_NEON)
#define DG_A32 1
#endif
#if defined(DG_X86) && ((DG_VL == 16 && defined(__AVX512VNNI__)) || (DG_VL == 8 && defined(__AVXVNNI__)))
#define DG_VNNI 1
#define DG_Q_PARTS DG_BLOCK
#define DG_Q_SHIFT(is_unsigned) ((is_unsigned) ? 0 : 128)
#elif defined(DG_X86)
#define DG_Q_PARTS (2 * DG_BLOCK)
#define DG_Q_SHIFT(is_unsigned) 0
#else
#define DG_Q_PARTS 4
#define DG_Q_SHIFT(is_unsigned) ((is_unsigned) ? -128 : 0)
#endif
#if defined(DG_A64) && defined(__ARM_FEATURE_DOTPROD)
#define DG_SDOT 1
#endif
#if (defined(DG_A64) || defined(DG_A32)) && !defined(DG_SDOT)
#define DG_Q_EACH 2
#else
#define DG_Q_EACH 1
#endif
#define DG_Q_SUMS (DG_Q_PARTS * DG_Q_EACH) /* vectors of sums of a block of channels: DG_Q_PARTS times what a vector of weights adds to */
#define DG_Q_BYTES (64 / DG_Q_PARTS)       /* weights of such a vector */

typedef int8_t __attribute__((vector_size(16))) dg_b16;
typedef int16_t __attribute__((vector_size(16))) dg_h8;
typedef uint32_t __attribute__((vector_size(4 * DG_VL))) dg_vu;
typedef uint64_t __attribute__((vector_size(4 * DG_VL))) dg_vl;
typedef int16_t __attribute__((vector_size(4 * DG_VL))) dg_vh;
typedef int8_t __attribute__((vector_size(4 * DG_VL))) dg_vb;
typedef int8_t __attribute__((vector_size(DG_VL < 8 ? 16 : 2 * DG_VL))) dg_vbhalf;

/* DG_EVEN has the lanes 0, 2, 4 ... of two vectors a and b one after the other, DG_ODD the lanes 1, 3, 5 .... DG_TWICE has the first 8 bytes
 * of a vector twice each, DG_TWICE_HIGH the last 8. */
#if defined(__clang__)
#define DG_SHUFFLE(a, b, type, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define DG_SHUFFLE(a, b, type, ...) __builtin_shuffle(a, b, (type){ __VA_ARGS__ })
#endif
#if DG_VL == 16
#define DG_EVEN(a, b) DG_SHUFFLE(a, b, dg_vi, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define DG_ODD(a, b) DG_SHUFFLE(a, b, dg_vi, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#elif DG_VL == 8
#define DG_EVEN(a, b) DG_SHUFFLE(a, b, dg_vi, 0, 2, 4, 6, 8, 10, 12, 14)
#define DG_ODD(a, b) DG_SHUFFLE(a, b, dg_vi, 1, 3, 5, 7, 9, 11, 13, 15)
#else
#define DG_EVEN(a, b) DG_SHUFFLE(a, b, dg_vi, 0, 2, 4, 6)
#define DG_ODD(a, b) DG_SHUFFLE(a, b, dg_vi, 1, 3, 5, 7)
#endif
#define DG_TWICE(a, b) DG_SHUFFLE(a, b, dg_b16, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define DG_TWICE_HIGH(a, b) DG_SHUFFLE(a, b, dg_b16, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

DG_INLINE DG_ALWAYS dg_vi dg_viload(const int32_t *p)
{
    dg_vi v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* dg_viload_part loads n lanes, 0 < n <= DG_VL; the others are 0. */
DG_INLINE DG_ALWAYS dg_vi dg_viload_part(const int32_t *p, int n)
{
    dg_vi v = { 0 };
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}

DG_INLINE DG_ALWAYS dg_vi dg_viset(int32_t s) { return s - (dg_vi){ 0 }; }

/* dg_q_inputs has four inputs of a pixel wherever a vector of weights wants them. */
#if defined(DG_X86) && !defined(DG_VNNI)
typedef dg_vh dg_q;
DG_INLINE DG_ALWAYS dg_q dg_q_inputs(const void *p, int is_unsigned)
{
    int32_t four;
    dg_vh wide;
    memcpy(&four, p, 4);
#if DG_VL == 4
    const dg_b16 all = (dg_b16)dg_viset(four), none = { 0 };
    wide = is_unsigned ? (dg_vh)DG_TWICE(all, none) : (dg_vh)DG_TWICE(all, all) >> 8;
#else
    const dg_vbhalf all = (dg_vbhalf)(four - (int32_t __attribute__((vector_size(2 * DG_VL)))){ 0 });
    if (is_unsigned) {
        __asm__("vpmovzxbw %1, %0" : "=v"(wide) : "v"(all));
    } else {
        __asm__("vpmovsxbw %1, %0" : "=v"(wide) : "v"(all));
    }
#endif
    return wide;
}
#else
typedef dg_vb dg_q;
DG_INLINE DG_ALWAYS dg_q dg_q_inputs(const void *p, int is_unsigned)
{
    int32_t four;
    memcpy(&four, p, 4);
    const dg_vb all = (dg_vb)dg_viset(four);
    return DG_Q_SHIFT(is_unsigned) != 0 ? all ^ (int8_t)-128 : all;
}
#endif

/* dg_q_weights reads a vector of weights, DG_Q_BYTES. */
DG_INLINE DG_ALWAYS dg_q dg_q_weights(const int8_t *p)
{
#if defined(DG_X86) && !defined(DG_VNNI)
    dg_vbhalf v = { 0 };
    dg_vh wide;
    memcpy(&v, p, DG_Q_BYTES);
#if DG_VL == 4
    wide = (dg_vh)DG_TWICE(v, v) >> 8;
#else
    __asm__("vpmovsxbw %1, %0" : "=v"(wide) : "v"(v));
#endif
    return wide;
#else
    dg_q v;
    memcpy(&v, p, sizeof v);
    return v;
#endif
}

/* dg_q_add adds the products of x, four inputs, and weights to the sums that these have; dg_q_add2 those of two such pairs. Where `full` is 0 no
 * weight is -128: then two products fit in 16 bits. */
DG_INLINE DG_ALWAYS void dg_q_add(dg_vi *sums, dg_q x, dg_q w)
{
#if defined(DG_VNNI)
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums[0]) : "v"(x), "v"(w));
#elif defined(DG_X86) && DG_VL == 4
    sums[0] += (dg_vi)__builtin_ia32_pmaddwd128(x, w);
#elif defined(DG_X86)
    dg_vi products;
    __asm__("vpmaddwd %2, %1, %0" : "=v"(products) : "v"(x), "v"(w));
    sums[0] += products;
#elif defined(DG_SDOT)
    __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sums[0]) : "w"(x), "w"(w));
#elif defined(DG_A64)
    dg_h8 low, high;
    __asm__("smull %0.8h, %1.8b, %2.8b" : "=w"(low) : "w"(x), "w"(w));
    __asm__("smull2 %0.8h, %1.16b, %2.16b" : "=w"(high) : "w"(x), "w"(w));
    __asm__("sadalp %0.4s, %1.8h" : "+w"(sums[0]) : "w"(low));
    __asm__("sadalp %0.4s, %1.8h" : "+w"(sums[1]) : "w"(high));
#elif defined(DG_A32)
    dg_h8 low, high;
    __asm__("vmull.s8 %q0, %e1, %e2" : "=w"(low) : "w"(x), "w"(w));
    __asm__("vmull.s8 %q0, %f1, %f2" : "=w"(high) : "w"(x), "w"(w));
    __asm__("vpadal.s16 %q0, %q1" : "+w"(sums[0]) : "w"(low));
    __asm__("vpadal.s16 %q0, %q1" : "+w"(sums[1]) : "w"(high));
#else
    for (int i = 0; i < 16; i++) {
        sums[0][i / 4] += x[i] * w[i];
    }
#endif
}

DG_INLINE DG_ALWAYS void dg_q_add2(dg_vi *sums, dg_q x, dg_q w, dg_q x2, dg_q w2, int full)
{
#if defined(DG_A64) && !defined(DG_SDOT)
    if (!full) {
        dg_h8 low, high;
        __asm__("smull %0.8h, %1.8b, %2.8b" : "=w"(low) : "w"(x), "w"(w));
        __asm__("smull2 %0.8h, %1.16b, %2.16b" : "=w"(high) : "w"(x), "w"(w));
        __asm__("smlal %0.8h, %1.8b, %2.8b" : "+w"(low) : "w"(x2), "w"(w2));
        __asm__("smlal2 %0.8h, %1.16b, %2.16b" : "+w"(high) : "w"(x2), "w"(w2));
        __asm__("sadalp %0.4s, %1.8h" : "+w"(sums[0]) : "w"(low));
        __asm__("sadalp %0.4s, %1.8h" : "+w"(sums[1]) : "w"(high));
        return;
    }
#elif defined(DG_A32)
    if (!full) {
        dg_h8 low, high;
        __asm__("vmull.s8 %q0, %e1, %e2" : "=w"(low) : "w"(x), "w"(w));
        __asm__("vmull.s8 %q0, %f1, %f2" : "=w"(high) : "w"(x), "w"(w));
        __asm__("vmlal.s8 %q0, %e1, %e2" : "+w"(low) : "w"(x2), "w"(w2));
        __asm__("vmlal.s8 %q0, %f1, %f2" : "+w"(high) : "w"(x2), "w"(w2));
        __asm__("vpadal.s16 %q0, %q1" : "+w"(sums[0]) : "w"(low));
        __asm__("vpadal.s16 %q0, %q1" : "+w"(sums[1]) : "w"(high));
        return;
    }
#endif
    (void)full;
    dg_q_add(sums, x, w);
    dg_q_add(sums, x2, w2);
}

/* dg_q_channels makes of a block's sums [DG_Q_SUMS] one for each channel. */
DG_INLINE DG_ALWAYS void dg_q_channels(dg_vi *to, const dg_vi *sums)
{
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
#if DG_Q_SUMS == DG_BLOCK
        to[i] = sums[i];
#elif defined(DG_A64)
        __asm__("addp %0.4s, %1.4s, %2.4s" : "=w"(to[i]) : "w"(sums[2 * i]), "w"(sums[2 * i + 1]));
#else
        to[i] = DG_EVEN(sums[2 * i], sums[2 * i + 1]) + DG_ODD(sums[2 * i], sums[2 * i + 1]);
#endif
    }
}

/* dg_q_scale returns round(a * m * 2^-s) for each lane, where no half occurs: shift is s - 33. */
DG_INLINE DG_ALWAYS dg_vi dg_q_scale(dg_vi a, dg_vi m, dg_vi shift)
{
#if defined(DG_A64)
    __asm__("sqdmulh %0.4s, %1.4s, %2.4s" : "=w"(a) : "w"(a), "w"(m));
    shift = -2 - shift;
    __asm__("srshl %0.4s, %1.4s, %2.4s" : "=w"(a) : "w"(a), "w"(shift));
    return a;
#elif defined(DG_A32)
    __asm__("vqdmulh.s32 %q0, %q1, %q2" : "=w"(a) : "w"(a), "w"(m));
    shift = -2 - shift;
    __asm__("vrshl.s32 %q0, %q1, %q2" : "=w"(a) : "w"(a), "w"(shift));
    return a;
#elif defined(DG_X86) && DG_VL > 4
    dg_vl even, odd;
    __asm__("vpmuldq %2, %1, %0" : "=v"(even) : "v"(a), "v"(m));
    __asm__("vpmuldq %2, %1, %0" : "=v"(odd) : "v"((dg_vl)a >> 32), "v"((dg_vl)m >> 32));
    a = (dg_vi)(even >> 32 | (odd & 0xFFFFFFFF00000000u));
    return ((a >> shift) + 1) >> 1;
#else
    for (int i = 0; i < DG_VL; i++) {
        a[i] = dg_requant(a[i], m[i], shift[i] + 33, 0);
    }
    return a;
#endif
}

/* dg_q_narrow returns a block's values plus zero, limited to int8_t. */
DG_INLINE DG_ALWAYS dg_b16 dg_q_narrow(const dg_vi *v, int32_t zero)
{
    dg_b16 to;
#if defined(DG_A64)
    dg_h8 low, high;
    const dg_h8 by = (int16_t)zero - (dg_h8){ 0 };
    __asm__("sqxtn %0.4h, %1.4s" : "=w"(low) : "w"(v[0]));
    __asm__("sqxtn2 %0.8h, %1.4s" : "+w"(low) : "w"(v[1]));
    __asm__("sqxtn %0.4h, %1.4s" : "=w"(high) : "w"(v[2]));
    __asm__("sqxtn2 %0.8h, %1.4s" : "+w"(high) : "w"(v[3]));
    __asm__("sqadd %0.8h, %0.8h, %1.8h" : "+w"(low) : "w"(by));
    __asm__("sqadd %0.8h, %0.8h, %1.8h" : "+w"(high) : "w"(by));
    __asm__("sqxtn %0.8b, %1.8h" : "=w"(to) : "w"(low));
    __asm__("sqxtn2 %0.16b, %1.8h" : "+w"(to) : "w"(high));
#elif defined(DG_A32)
    dg_h8 low, high;
    const dg_h8 by = (int16_t)zero - (dg_h8){ 0 };
    __asm__("vqmovn.s32 %e0, %q1\n vqmovn.s32 %f0, %q2" : "=&w"(low) : "w"(v[0]), "w"(v[1]));
    __asm__("vqmovn.s32 %e0, %q1\n vqmovn.s32 %f0, %q2" : "=&w"(high) : "w"(v[2]), "w"(v[3]));
    __asm__("vqadd.s16 %q0, %q0, %q1" : "+w"(low) : "w"(by));
    __asm__("vqadd.s16 %q0, %q0, %q1" : "+w"(high) : "w"(by));
    __asm__("vqmovn.s16 %e0, %q1\n vqmovn.s16 %f0, %q2" : "=&w"(to) : "w"(low), "w"(high));
#elif defined(DG_X86) && DG_VL == 16
    __asm__("vpmovsdb %1, %0" : "=v"(to) : "v"(v[0] + zero));
#elif defined(DG_X86)
    int32_t __attribute__((vector_size(16))) q[4];
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
        const dg_vi moved = v[i] + zero;
        memcpy(q + i * DG_VL / 4, &moved, sizeof moved);
    }
    to = (dg_b16)__builtin_ia32_packsswb128(__builtin_ia32_packssdw128(q[0], q[1]), __builtin_ia32_packssdw128(q[2], q[3]));
#else
    for (int i = 0; i < 16; i++) {
        to[i] = (int8_t)dg_clamp(v[i / DG_VL][i % DG_VL] + zero, -128, 127);
    }
#endif
    return to;
}

/* dg_b16_max and dg_b16_min return the greater and the lesser ones. */
DG_INLINE DG_ALWAYS dg_b16 dg_b16_max(dg_b16 a, dg_b16 b)
{
#if defined(DG_A64)
    __asm__("smax %0.16b, %1.16b, %2.16b" : "=w"(a) : "w"(a), "w"(b));
    return a;
#elif defined(DG_A32)
    __asm__("vmax.s8 %q0, %q1, %q2" : "=w"(a) : "w"(a), "w"(b));
    return a;
#else
    const dg_b16 greater = a > b;
    return (a & greater) | (b & ~greater);
#endif
}

DG_INLINE DG_ALWAYS dg_b16 dg_b16_min(dg_b16 a, dg_b16 b)
{
#if defined(DG_A64)
    __asm__("smin %0.16b, %1.16b, %2.16b" : "=w"(a) : "w"(a), "w"(b));
    return a;
#elif defined(DG_A32)
    __asm__("vmin.s8 %q0, %q1, %q2" : "=w"(a) : "w"(a), "w"(b));
    return a;
#else
    const dg_b16 lesser = a < b;
    return (a & lesser) | (b & ~lesser);
#endif
}

/* dg_q_bounded limits values to least ... most. */
DG_INLINE DG_ALWAYS dg_b16 dg_q_bounded(dg_b16 v, int32_t least, int32_t most)
{
    if (least > -128) {
        v = dg_b16_max(v, (int8_t)least - (dg_b16){ 0 });
    }
    if (most < 127) {
        v = dg_b16_min(v, (int8_t)most - (dg_b16){ 0 });
    }
    return v;
}

/* dg_q_scales is what brings the sums of a block back to 8 bits. */
typedef struct {
    dg_vi m[DG_BLOCK], shift[DG_BLOCK]; /* shifts less 33 */
} dg_q_scales;

/* dg_q_outputs returns a block's results: scaled, plus zero, within least and most; int8_t or uint8_t. No half occurs. */
DG_INLINE DG_ALWAYS dg_b16 dg_q_outputs(const dg_vi *v, dg_q_scales by, int32_t zero, int32_t least, int32_t most, int is_unsigned)
{
    const int32_t down = is_unsigned ? 128 : 0;
    dg_vi scaled[DG_BLOCK];
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
        scaled[i] = dg_q_scale(v[i], by.m[i], by.shift[i]);
    }
    const dg_b16 y = dg_q_bounded(dg_q_narrow(scaled, zero - down), least - down, most - down);
    return is_unsigned ? y ^ (int8_t)-128 : y;
}

/* dg_b16_part loads n bytes, 0 < n <= 16; the others are 0. */
DG_INLINE DG_ALWAYS dg_b16 dg_b16_part(const void *p, int n)
{
    dg_b16 v;
    uint64_t half[2] = { 0, 0 };
    if (n == 16) {
        memcpy(&v, p, 16);
        return v;
    }
    memcpy(half, p, (size_t)(n < 8 ? n : 8));
    if (n > 8) {
        memcpy(half + 1, (const uint8_t *)p + 8, (size_t)(n - 8));
    }
    return (dg_b16)(uint64_t __attribute__((vector_size(16)))){ half[0], half[1] };
}

/* dg_b16_half has bytes 8 to 15 in front. */
DG_INLINE DG_ALWAYS dg_b16 dg_b16_half(dg_b16 v) { return DG_SHUFFLE(v, v, dg_b16, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15); }

/* dg_b16_words makes words of int8_t, or of uint8_t; dg_h8_lanes 32-bit lanes of words, which are the first and the last 8 of a block. */
DG_INLINE DG_ALWAYS void dg_b16_words(dg_h8 *to, dg_b16 v, int is_unsigned)
{
    if (is_unsigned) {
        const dg_b16 none = { 0 };
        to[0] = (dg_h8)DG_TWICE(v, none);
        to[1] = (dg_h8)DG_TWICE_HIGH(v, none);
        return;
    }
#if defined(DG_A64)
    __asm__("sxtl %0.8h, %1.8b" : "=w"(to[0]) : "w"(v));
    __asm__("sxtl2 %0.8h, %1.16b" : "=w"(to[1]) : "w"(v));
#elif defined(DG_A32)
    __asm__("vmovl.s8 %q0, %e1" : "=w"(to[0]) : "w"(v));
    __asm__("vmovl.s8 %q0, %f1" : "=w"(to[1]) : "w"(v));
#else
    to[0] = (dg_h8)DG_TWICE(v, v) >> 8;
    to[1] = (dg_h8)DG_TWICE_HIGH(v, v) >> 8;
#endif
}

DG_INLINE DG_ALWAYS void dg_h8_lanes(dg_vi *to, const dg_h8 *v)
{
#if defined(DG_A64)
    __asm__("sxtl %0.4s, %1.4h" : "=w"(to[0]) : "w"(v[0]));
    __asm__("sxtl2 %0.4s, %1.8h" : "=w"(to[1]) : "w"(v[0]));
    __asm__("sxtl %0.4s, %1.4h" : "=w"(to[2]) : "w"(v[1]));
    __asm__("sxtl2 %0.4s, %1.8h" : "=w"(to[3]) : "w"(v[1]));
#elif defined(DG_A32)
    __asm__("vmovl.s16 %q0, %e1" : "=w"(to[0]) : "w"(v[0]));
    __asm__("vmovl.s16 %q0, %f1" : "=w"(to[1]) : "w"(v[0]));
    __asm__("vmovl.s16 %q0, %e1" : "=w"(to[2]) : "w"(v[1]));
    __asm__("vmovl.s16 %q0, %f1" : "=w"(to[3]) : "w"(v[1]));
#elif defined(DG_X86) && DG_VL == 16
    dg_vbhalf both;
    memcpy(&both, v, sizeof both);
    __asm__("vpmovsxwd %1, %0" : "=v"(to[0]) : "v"(both));
#elif defined(DG_X86) && DG_VL == 8
    __asm__("vpmovsxwd %1, %0" : "=v"(to[0]) : "v"(v[0]));
    __asm__("vpmovsxwd %1, %0" : "=v"(to[1]) : "v"(v[1]));
#else
    for (int i = 0; i < 2; i++) {
        to[2 * i] = (dg_vi)DG_SHUFFLE(v[i], v[i], dg_h8, 0, 0, 1, 1, 2, 2, 3, 3) >> 16;
        to[2 * i + 1] = (dg_vi)DG_SHUFFLE(v[i], v[i], dg_h8, 4, 4, 5, 5, 6, 6, 7, 7) >> 16;
    }
#endif
}

/* dg_b16_lanes makes 32-bit lanes of int8_t, or of uint8_t. */
DG_INLINE DG_ALWAYS void dg_b16_lanes(dg_vi *to, dg_b16 v, int is_unsigned)
{
#if defined(DG_X86) && DG_VL > 4
    dg_b16 part[2] = { v, dg_b16_half(v) };
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
        if (is_unsigned) {
            __asm__("vpmovzxbd %1, %0" : "=v"(to[i]) : "v"(part[i]));
        } else {
            __asm__("vpmovsxbd %1, %0" : "=v"(to[i]) : "v"(part[i]));
        }
    }
#else
    dg_h8 words[2];
    dg_b16_words(words, v, is_unsigned);
    dg_h8_lanes(to, words);
#endif
}

/* dg_q_scales_of has the multipliers and shifts of n channels, 0 < n <= 16. */
DG_INLINE DG_ALWAYS dg_q_scales dg_q_scales_of(const int32_t *m, const int8_t *s, int n)
{
    dg_q_scales by;
    int8_t shifts[16];
    dg_b16 all;
    memset(shifts, 33, sizeof shifts); /* those of no channel: any that is valid */
    memcpy(shifts, s, (size_t)n);
    memcpy(&all, shifts, sizeof all);
    dg_b16_lanes(by.shift, all, 0);
    DG_WRITTEN_OUT
    for (int i = 0; i < DG_BLOCK; i++) {
        const int left = n - i * DG_VL;
        by.shift[i] -= 33;
        by.m[i] = left >= DG_VL ? dg_viload(m + i * DG_VL) : left > 0 ? dg_viload_part(m + i * DG_VL, left) : dg_viset(0);
    }
    return by;
}

#endif
