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
