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

/* dg_store4 writes four bytes. */
DG_INLINE void dg_store4(void *p, uint32_t v) { __builtin_memcpy(p, &v, 4); }

/* dg_max4 returns the greater ones of four signed bytes each, dg_max4_u of unsigned ones. */
DG_INLINE uint32_t dg_max4(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm__("ssub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

DG_INLINE uint32_t dg_max4_u(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm__("usub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
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

/* dg_weven and dg_wodd widen without adding; dg_weven_u and dg_wodd_u unsigned bytes. */
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

DG_INLINE uint32_t dg_weven_u(uint32_t v)
{
    uint32_t r;
    __asm__("uxtb16 %0, %1" : "=r"(r) : "r"(v));
    return r;
}

DG_INLINE uint32_t dg_wodd_u(uint32_t v)
{
    uint32_t r;
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
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

/* dg_smmla returns acc plus the upper word of a * b. */
DG_INLINE int32_t dg_smmla(int32_t a, int32_t b, int32_t acc)
{
    __asm__("smmla %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

/* dg_low and dg_high return the lower, or upper, halves of a and b, a's in the lower half. */
DG_INLINE uint32_t dg_low(uint32_t a, uint32_t b) { return (a & 0xFFFFu) | b << 16; }
DG_INLINE uint32_t dg_high(uint32_t a, uint32_t b) { return a >> 16 | (b & 0xFFFF0000u); }

/* dg_quad adds the products of four bytes of v with those of w, each to a sum of its own. */
DG_INLINE void dg_quad(int32_t sums[4], uint32_t v, uint32_t w, int is_unsigned)
{
    const uint32_t f = dg_weven(w), g = dg_wodd(w);
    const uint32_t e = is_unsigned ? dg_weven_u(v) : dg_weven(v), o = is_unsigned ? dg_wodd_u(v) : dg_wodd(v);
    sums[0] = dg_smlabb(e, f, sums[0]);
    sums[1] = dg_smlabb(o, g, sums[1]);
    sums[2] = dg_smlatt(e, f, sums[2]);
    sums[3] = dg_smlatt(o, g, sums[3]);
}

/* dg_pair returns v in both halves. */
DG_INLINE uint32_t dg_pair(int32_t v) { return (uint32_t)(uint16_t)v * 0x10001u; }
#endif
