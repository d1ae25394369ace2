/* dg_fixed.h: integer requantization; ir/README.md has the specification. */
#ifndef DG_FIXED_H
#define DG_FIXED_H

#include "dg.h"

/* dg_requant returns a * m * 2^-s, rounded to nearest, ties to even. 2^30 <= m < 2^31 or m == 0, 1 <= s <= 62, and the result
 * fits 32 bits. Where ties is 0, s > 32 and no a that can occur lies halfway between two results. */
DG_INLINE int32_t dg_requant(int32_t a, int32_t m, int32_t s, int ties)
{
    const int64_t p = (int64_t)a * m;
    if (!ties) {
        return (((int32_t)(p >> 32) >> (s - 33)) + 1) >> 1;
    }
    if (s > 32) { /* almost always: then only a carry comes out of the lower word */
        const int32_t hi = (int32_t)(p >> 32);
        const int32_t up = (uint32_t)p != 0 || (hi >> (s - 32) & 1) != 0;
        return (hi + ((int32_t)1 << (s - 33)) - 1 + up) >> (s - 32);
    }
    return (int32_t)((p + ((int64_t)1 << (s - 1)) - 1 + (p >> s & 1)) >> s);
}

/* dg_requant64 is dg_requant for an accumulator of 64 bits: the exact product has 95. 1 <= s <= 94; the result is limited to +-2^30. */
DG_INLINE int32_t dg_requant64(int64_t a, int32_t m, int32_t s)
{
    const int64_t most = (int64_t)1 << 30;
    const uint64_t low = (uint64_t)(uint32_t)a * (uint32_t)m; /* a * m = hi * 2^32 + lo */
    const int64_t hi = (a >> 32) * m + (int64_t)(low >> 32);
    const uint32_t lo = (uint32_t)low;
    int64_t q;
    if (s > 32) {
        const int64_t up = lo != 0 || (hi >> (s - 32) & 1) != 0;
        q = (hi + ((int64_t)1 << (s - 33)) - 1 + up) >> (s - 32);
    } else if (hi >= most || hi < -most) {
        q = hi;
    } else {
        const int64_t p = (int64_t)(((uint64_t)hi << 32) | lo);
        q = (p + ((int64_t)1 << (s - 1)) - 1 + (p >> s & 1)) >> s;
    }
    return (int32_t)(q > most ? most : q < -most ? -most : q);
}

/* dg_factor is the factor m * 2^-s of dg_requant64. */
typedef struct {
    int32_t m, s;
} dg_factor;

/* dg_parts returns the mantissa of v > 0, 2^23 ... 2^24 - 1, or 0 of 0; v is that times 2^(*e - 150). */
DG_INLINE uint32_t dg_parts(float v, int32_t *e)
{
    uint32_t b;
    memcpy(&b, &v, sizeof b);
    *e = (int32_t)(b >> 23 & 255);
    b &= 0x7fffff;
    if (*e > 0) {
        return b | 0x800000;
    }
    for (*e = 1; b != 0 && b < 0x800000; b <<= 1) {
        --*e;
    }
    return b;
}

/* dg_factor_of returns the factor nearest to a * b / y, for numbers > 0: 0 where it is too small to change any sum, and the greatest there
 * is where it is too large. */
DG_INLINE dg_factor dg_factor_of(float a, float b, float y)
{
    int32_t ea, eb, ey, n = 7;
    const uint64_t p = (uint64_t)dg_parts(a, &ea) * dg_parts(b, &eb) << 15; /* 0, or 2^61 ... 2^63 */
    const uint32_t d = dg_parts(y, &ey);
    const uint64_t q = d != 0 ? p / d : 0; /* 2^37 ... 2^40 */
    dg_factor f = {0, 33};
    if (p == 0) {
        return f;
    }
    while (q >> n > INT32_MAX) {
        n++;
    }
    const uint64_t half = (uint64_t)1 << (n - 1), low = q & (2 * half - 1);
    uint64_t m = q >> n;
    m += low > half || (low == half && (q * d != p || (m & 1) != 0));
    if (m > INT32_MAX) {
        m >>= 1;
        n++;
    }
    f.s = 165 - n - ea - eb + ey;
    if (d == 0 || f.s < 1) {
        f.m = INT32_MAX;
        f.s = 1;
    } else if (f.s > 94) {
        f.s = 33;
    } else {
        f.m = (int32_t)m;
    }
    return f;
}

/* dg_round_shift returns a * 2^-s, rounded to nearest, ties to even. 1 <= s <= 31. */
DG_INLINE int32_t dg_round_shift(int32_t a, int32_t s)
{
    const int32_t q = a >> s;
    const int32_t half = (int32_t)1 << (s - 1);
    const int32_t rest = a - (int32_t)((uint32_t)q << s);
    return q + (rest > half || (rest == half && (q & 1) != 0));
}

/* dg_round_shift64 is dg_round_shift for 64 bits, the result limited to +-2^30. 1 <= s <= 62. */
DG_INLINE int32_t dg_round_shift64(int64_t a, int32_t s)
{
    const int64_t q = a >> s, most = (int64_t)1 << 30;
    const int64_t half = (int64_t)1 << (s - 1);
    const int64_t rest = a - (int64_t)((uint64_t)q << s);
    const int64_t v = q + (rest > half || (rest == half && (q & 1) != 0));
    return (int32_t)(v > most ? most : v < -most ? -most : v);
}

/* dg_divide divides *rest by d: it returns the quotient, less than 2^32, and leaves the remainder. Where quotients are small that takes no longer
 * than the compiler's function for any, and no 700 bytes of flash; but on AVR, whose function is small. d > 0, *rest < 2^63. */
DG_INLINE uint32_t dg_divide(uint64_t *rest, uint64_t d)
{
#ifdef __AVR__
    const uint32_t q = (uint32_t)(*rest / d);
    *rest -= q * d;
    return q;
#else
    uint32_t q = 0, bit = 1;
    while (d <= *rest >> 1) {
        d <<= 1;
        bit <<= 1;
    }
    for (; bit != 0; bit >>= 1, d >>= 1) {
        if (*rest >= d) {
            *rest -= d;
            q |= bit;
        }
    }
    return q;
#endif
}

/* dg_clamp limits v to lo ... hi. */
DG_INLINE int32_t dg_clamp(int32_t v, int32_t lo, int32_t hi)
{
#if defined(__ARM_FEATURE_SAT) && defined(__thumb2__)
    if (__builtin_constant_p(lo) && __builtin_constant_p(hi) && lo == -128 && hi == 127) {
        __asm__("ssat %0, #8, %0" : "+r"(v) : : "cc");
        return v;
    }
    if (__builtin_constant_p(lo) && __builtin_constant_p(hi) && lo == 0 && hi == 255) {
        __asm__("usat %0, #8, %0" : "+r"(v) : : "cc");
        return v;
    }
#endif
    return v < lo ? lo : v > hi ? hi : v;
}

#endif
