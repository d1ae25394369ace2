/* dg_narrow.h: floats of 16 bits and less, which are stored in their bits. A format is given by the bits of its exponent and mantissa,
 * its bias, and its kind: what the highest exponent means, and the zero with a sign. */
#ifndef DG_NARROW_H
#define DG_NARROW_H

#include "dg_math.h"

#define DG_IEEE 0   /* infinities and NaNs */
#define DG_FN 1     /* a NaN, all bits set, and no infinity */
#define DG_FNUZ 2   /* a NaN in the place of -0, and no infinity */
#define DG_FINITE 3 /* neither */

#define DG_ONE ((uint32_t)1) /* 1u has 16 bits on AVR */

#define DG_UP 0
#define DG_DOWN 1
#define DG_NEAREST 2

/* dg_narrow_float returns what bits mean. Exact. */
DG_INLINE float dg_narrow_float(uint32_t bits, int32_t exp, int32_t man, int32_t bias, int32_t kind)
{
    const uint32_t ones = (DG_ONE << exp) - 1u;
    const uint32_t sign = (bits >> (exp + man)) & 1u, m = bits & ((DG_ONE << man) - 1u);
    const uint32_t e = (bits >> man) & ones;
    float v;
    if (kind == DG_FNUZ && sign != 0 && e == 0 && m == 0) {
        return DG_NAN;
    }
    if (e == ones && (kind == DG_IEEE || (kind == DG_FN && m == (DG_ONE << man) - 1u))) {
        v = kind == DG_IEEE && m == 0 ? DG_INF : DG_NAN;
    } else if (e == 0) {
        v = dg_scalef((float)m, 1 - bias - man);
    } else {
        v = dg_scalef((float)(m | (DG_ONE << man)), (int32_t)e - bias - man);
    }
    return sign != 0 ? -v : v;
}

/* dg_overflow returns the bits of a magnitude that is too large: infinity, or else NaN, or else the greatest. */
DG_INLINE uint32_t dg_overflow(int32_t exp, int32_t man, int32_t kind)
{
    const uint32_t all = (DG_ONE << (exp + man)) - 1u;
    return kind == DG_IEEE ? all - ((DG_ONE << man) - 1u) : all;
}

/* dg_float_narrow rounds to the nearest value of a format, ties to even. */
DG_INLINE uint32_t dg_float_narrow(float v, int32_t exp, int32_t man, int32_t bias, int32_t kind)
{
    const uint32_t b = dg_float_bits(v), sign = (b >> 31) << (exp + man);
    const uint32_t nan = kind == DG_IEEE ? ((DG_ONE << exp) - 1u) << man | DG_ONE << (man - 1) : (DG_ONE << (exp + man)) - 1u;
    if (v != v) {
        return kind >= DG_FNUZ ? DG_ONE << (exp + man) : sign | nan;
    }
    /* The value is f * 2^(e - 23); of f's bits those from drop on are kept. */
    int32_t e = (int32_t)((b >> 23) & 0xffu);
    const uint32_t f = e == 0 ? b & 0x7fffffu : (b & 0x7fffffu) | 0x800000u;
    e = (e == 0 ? 1 : e) - 127;
    const int32_t low = e < 1 - bias ? 1 - bias - e : 0, drop = 23 - man + low;
    uint32_t mag = 0;
    if (drop < 25) {
        const uint32_t half = DG_ONE << (drop - 1), rest = f & ((DG_ONE << drop) - 1u);
        mag = f >> drop;
        mag += rest > half || (rest == half && (mag & 1u) != 0) ? 1u : 0u;
    }
    /* A mantissa that rounded up carries into the exponent by itself. */
    int64_t out = mag;
    if (low == 0 && f != 0) {
        out += (int64_t)(e + bias - 1) * ((int64_t)1 << man);
    }
    const uint32_t most = dg_overflow(exp, man, kind);
    const int64_t limit = kind == DG_FNUZ || kind == DG_FINITE ? (int64_t)most : (int64_t)most - 1;
    if (out > limit || e > 127) {
        return kind == DG_FNUZ ? DG_ONE << (exp + man) : sign | most;
    }
    return kind == DG_FNUZ && out == 0 ? 0 : sign | (uint32_t)out;
}

/* dg_odd_float rounds a double to a float that rounds on to the same narrower value: inexact ones get an odd mantissa. */
DG_INLINE float dg_odd_float(double v)
{
    const float f = (float)v;
    uint32_t b = dg_float_bits(f);
    if ((double)f == v || v != v) {
        return f;
    }
    if (((double)f > v) == (v > 0.0)) {
        b--;
    }
    return dg_bits_float(b | 1u);
}

/* dg_e8m0_float returns 2^(bits - 127). */
DG_INLINE float dg_e8m0_float(uint32_t bits)
{
    return bits == 255 ? DG_NAN : dg_scalef(1.0f, (int32_t)bits - 127);
}

/* dg_float_e8m0 rounds to a power of two: up, down or to the nearest, ties up. What is out of range is the nearest that is not where
 * saturate is set, NaN elsewhere. */
DG_INLINE uint32_t dg_float_e8m0(float v, int32_t mode, int32_t saturate)
{
    if (v != v || v < 0.0f) {
        return 255;
    }
    int32_t e = -128;
    if (v > 0.0f) {
        const int32_t tiny = v < 1.17549435e-38f ? 64 : 0;
        const uint32_t b = dg_float_bits(tiny != 0 ? v * 18446744073709551616.0f : v), m = b & 0x7fffffu;
        e = (int32_t)(b >> 23) - 127 - tiny;
        e += (mode == DG_UP && m != 0) || (mode == DG_NEAREST && m >= 0x400000u) ? 1 : 0;
    }
    if (saturate != 0) {
        e = e < -127 ? -127 : e > 127 ? 127 : e;
    }
    return e < -127 || e > 127 ? 255u : (uint32_t)(e + 127);
}

#endif
