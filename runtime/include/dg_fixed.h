/* dg_fixed.h: integer requantization; ir/README.md has the specification. */
#ifndef DG_FIXED_H
#define DG_FIXED_H

#include "dg.h"

/* dg_requant returns a * m * 2^-s, rounded to nearest, ties to even. 2^30 <= m < 2^31 or m == 0, 1 <= s <= 62, and the result
 * fits 32 bits. */
DG_INLINE int32_t dg_requant(int32_t a, int32_t m, int32_t s)
{
    const int64_t p = (int64_t)a * m;
    const int64_t q = p >> s;
    const int64_t half = (int64_t)1 << (s - 1);
    const int64_t rest = p - (int64_t)((uint64_t)q << s);
    return (int32_t)(q + (rest > half || (rest == half && (q & 1) != 0)));
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
    return v < lo ? lo : v > hi ? hi : v;
}

#endif
