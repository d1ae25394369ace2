/* dg_dsp.h: sums of 8-bit products by the DSP instructions of Armv7E-M and Armv8-M (Cortex-M4, M7, M33). They multiply two pairs
 * of 16-bit values at once; bytes are widened to pairs by SXTB16, which takes bytes 0 and 2, or with a rotation 1 and 3. */
#ifndef DG_DSP_H
#define DG_DSP_H

#include "dg.h"

#if !defined(__ARM_FEATURE_DSP)
#error "this was compiled by deepgo for a processor with DSP instructions: give the C compiler -mcpu=cortex-m4 or the like, or compile the model for another --target"
#endif

/* dg_load4 reads four bytes, which need not be aligned. */
DG_INLINE uint32_t dg_load4(const void *p)
{
    uint32_t v;
    __builtin_memcpy(&v, p, 4);
    return v;
}

/* dg_even and dg_odd widen bytes 0 and 2, or 1 and 3, of v, signed, and add the pair a. */
DG_INLINE uint32_t dg_even(uint32_t a, uint32_t v)
{
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(v));
    return r;
}

DG_INLINE uint32_t dg_odd(uint32_t a, uint32_t v)
{
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(a), "r"(v));
    return r;
}

/* dg_even_u and dg_odd_u are the same for unsigned bytes. */
DG_INLINE uint32_t dg_even_u(uint32_t a, uint32_t v)
{
    uint32_t r;
    __asm__("uxtab16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(v));
    return r;
}

DG_INLINE uint32_t dg_odd_u(uint32_t a, uint32_t v)
{
    uint32_t r;
    __asm__("uxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(a), "r"(v));
    return r;
}

/* dg_weven and dg_wodd widen without adding. */
DG_INLINE uint32_t dg_weven(uint32_t v)
{
    uint32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(v));
    return r;
}

DG_INLINE uint32_t dg_wodd(uint32_t v)
{
    uint32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
    return r;
}

/* dg_smlad returns acc plus the products of both pairs; dg_smlabb and dg_smlatt plus that of the lower, or upper, one. */
DG_INLINE int32_t dg_smlad(uint32_t a, uint32_t b, int32_t acc)
{
    __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

DG_INLINE int32_t dg_smlabb(uint32_t a, uint32_t b, int32_t acc)
{
    __asm__("smlabb %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

DG_INLINE int32_t dg_smlatt(uint32_t a, uint32_t b, int32_t acc)
{
    __asm__("smlatt %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

/* dg_low and dg_high return the lower, or upper, halves of a and b, a's in the lower half. */
DG_INLINE uint32_t dg_low(uint32_t a, uint32_t b) { return (a & 0xFFFFu) | b << 16; }
DG_INLINE uint32_t dg_high(uint32_t a, uint32_t b) { return a >> 16 | (b & 0xFFFF0000u); }

/* dg_quad adds the products of four bytes of v, each plus its half of offset, with those of w, each to a sum of its own. */
DG_INLINE void dg_quad(int32_t sums[4], uint32_t v, uint32_t w, uint32_t offset, int is_unsigned)
{
    const uint32_t f = dg_weven(w), g = dg_wodd(w);
    const uint32_t e = is_unsigned ? dg_even_u(offset, v) : dg_even(offset, v), o = is_unsigned ? dg_odd_u(offset, v) : dg_odd(offset, v);
    sums[0] = dg_smlabb(e, f, sums[0]);
    sums[1] = dg_smlabb(o, g, sums[1]);
    sums[2] = dg_smlatt(e, f, sums[2]);
    sums[3] = dg_smlatt(o, g, sums[3]);
}

/* dg_widen writes the four bytes of v as pairs for dg_tile, each plus its half of offset. */
DG_INLINE void dg_widen(uint32_t *to, uint32_t v, uint32_t offset, int is_unsigned)
{
    to[0] = is_unsigned ? dg_even_u(offset, v) : dg_even(offset, v);
    to[4] = is_unsigned ? dg_odd_u(offset, v) : dg_odd(offset, v);
}

/* DG_UNROLL asks for a short loop with constant bounds to be written out. */
#if defined(__clang__)
#define DG_UNROLL _Pragma("unroll")
#else
#define DG_UNROLL _Pragma("GCC unroll 16")
#endif

/* dg_tile adds the products of 4*n inputs of four pixels with the weights of two output channels to eight sums: those of pixel 0 with
 * both channels, pixel 1 … v has the inputs, four at a time: as pairs inputs 0 and 2 of each pixel, then 1 and 3. w are the weights of
 * one channel, those of the other are stride bytes on. In assembly, since eight sums in registers leave GCC none to work with. */
#if defined(__arm__)
#define DG_TILE_HALF(turn) \
    "ldr lr, [r1], #4\n sxtb16 r0, r0" turn "\n sxtb16 r12, r12" turn "\n smlad r4, lr, r0, r4\n smlad r5, lr, r12, r5\n" \
    "ldr lr, [r1], #4\n smlad r6, lr, r0, r6\n smlad r7, lr, r12, r7\n ldr lr, [r1], #4\n smlad r8, lr, r0, r8\n smlad r9, lr, r12, r9\n" \
    "ldr lr, [r1], #4\n smlad r10, lr, r0, r10\n smlad r11, lr, r12, r11\n"
#define DG_TILE_FOUR "ldr r0, [r2]\n ldr r12, [r2, r3]\n" DG_TILE_HALF("") "ldr r12, [r2, r3]\n ldr r0, [r2], #4\n" DG_TILE_HALF(", ror #8")
#if defined(__clang__)
#define DG_NOIPA noinline
#else
#define DG_NOIPA noipa /* GCC would find that the function changes nothing */
#endif
static __attribute__((naked, DG_NOIPA, unused)) void dg_tile(int32_t *sums __attribute__((unused)), const uint32_t *v __attribute__((unused)), const int8_t *w __attribute__((unused)),
                                                             int32_t stride __attribute__((unused)), int32_t n __attribute__((unused)))
{
    __asm__("push {r0, r4-r11, lr}\n ldr r12, [sp, #40]\n adds r12, r12, #1\n lsrs r12, r12, #1\n str r12, [sp, #40]\n ldm r0, {r4-r11}\n bcc 2f\n"
            "1:\n" DG_TILE_FOUR "2:\n" DG_TILE_FOUR
            "ldr r0, [sp, #40]\n subs r0, r0, #1\n str r0, [sp, #40]\n bne 1b\n ldr r0, [sp]\n stm r0, {r4-r11}\n pop {r0, r4-r11, pc}\n" ::: "memory");
}
#else
DG_INLINE void dg_tile(int32_t *sums, const uint32_t *v, const int8_t *w, int32_t stride, int32_t n)
{
    for (; n > 0; n--, v += 8, w += 4) {
        for (int32_t i = 0; i < 8; i++) {
            const uint32_t u = dg_load4(w + i % 2 * stride);
            sums[i] = dg_smlad(v[i / 2], dg_weven(u), dg_smlad(v[4 + i / 2], dg_wodd(u), sums[i]));
        }
    }
}
#endif

/* dg_pair returns v in both halves. */
DG_INLINE uint32_t dg_pair(int32_t v) { return (uint32_t)(uint16_t)v * 0x10001u; }
#endif
