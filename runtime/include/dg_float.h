/* dg_float.h: float functions that are made of those of dg_math.h, remainders, and random numbers. */
#ifndef DG_FLOAT_H
#define DG_FLOAT_H

#include "dg_math.h"

/* dg_geluf returns x times the part of a normal distribution below x. */
DG_INLINE float dg_geluf(float x)
{
    return 0.5f * x * (1.0f + dg_erff(x * 0.707106781f));
}

/* dg_gelutanhf is the approximation of dg_geluf by tanh. */
DG_INLINE float dg_gelutanhf(float x)
{
    return 0.5f * x * (1.0f + dg_tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
}

/* dg_fmodf returns the remainder of x / y with the sign of x. Exact: y is taken away at all its powers of two, by shifting. */
DG_INLINE float dg_fmodf(float x, float y)
{
    const float a = dg_absf(x), b = dg_absf(y);
    if (!(a <= 3.4028235e38f) || !(b > 0.0f)) {
        return DG_NAN;
    }
    float rest = a, part = b;
    while (part <= rest * 0.5f) {
        part *= 2.0f;
    }
    for (; rest >= b; part *= 0.5f) {
        rest = rest >= part ? rest - part : rest;
    }
    return dg_bits_float(dg_float_bits(rest) | (dg_float_bits(x) & 0x80000000u));
}

/* dg_modf returns the remainder with the sign of y, a zero included. */
DG_INLINE float dg_modf(float x, float y)
{
    const float r = dg_fmodf(x, y);
    if (r == 0.0f) {
        return dg_bits_float(dg_float_bits(y) & 0x80000000u);
    }
    return (r < 0.0f) != (y < 0.0f) ? r + y : r;
}

/* dg_clampf brings x between -most and most; a NaN stays. */
DG_INLINE float dg_clampf(float x, float most)
{
    return x > most ? most : x < -most ? -most : x;
}

/* dg_truncf returns the integer part, within 64 bits; 0 for NaN. */
DG_INLINE int64_t dg_truncf(float x)
{
    if (!(dg_absf(x) < 9223372036854775808.0f)) {
        return x != x ? 0 : x < 0.0f ? INT64_MIN : x < 18446744073709551616.0f ? (int64_t)(uint64_t)x : INT64_MAX;
    }
    return dg_absf(x) < 2147483648.0f ? (int32_t)x : (int64_t)x;
}

/* dg_random hashes an index and a seed. */
DG_INLINE uint32_t dg_random(uint32_t i, uint32_t seed)
{
    uint32_t h = i * 0x9e3779b9u + seed;
    for (int32_t k = 0; k < 2; k++) {
        h = (h ^ (h >> 16)) * 0x85ebca6bu;
        h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    }
    return h ^ (h >> 16);
}

/* dg_uniformf returns a random number from 0 up to, and without, 1. */
DG_INLINE float dg_uniformf(uint32_t i, uint32_t seed)
{
    return (float)(dg_random(i, seed) >> 8) * 5.9604645e-8f;
}

/* dg_normalf returns a random number of a normal distribution, by the method of Box and Muller. */
DG_INLINE float dg_normalf(uint32_t i, uint32_t seed)
{
    const float radius = dg_sqrtf(-2.0f * dg_logf(1.0f - dg_uniformf(2u * i, seed)));
    return radius * dg_cosf(6.28318531f * dg_uniformf(2u * i + 1u, seed));
}

#endif
