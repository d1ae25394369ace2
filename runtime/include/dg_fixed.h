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

/* dg_round_shift returns a * 2^-s, rounded to nearest, ties to even. 1 <= s <= 31. */
DG_INLINE int32_t dg_round_shift(int32_t a, int32_t s)
{
    const int32_t q = a >> s;
    const int32_t half = (int32_t)1 << (s - 1);
    const int32_t rest = a - (int32_t)((uint32_t)q << s);
    return q + (rest > half || (rest == half && (q & 1) != 0));
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
