/* dg_double.h: the functions of dg_math.h and dg_float.h on double, for models whose elements are; the same bits on every target with a
 * double of 64 bits. Written for size, not speed: power series after the argument has been made small. Errors, where stated, are the
 * greatest measured, in units in the last place; runtime/double_test.go measures them again. */
#ifndef DG_DOUBLE_H
#define DG_DOUBLE_H

#include "dg_math.h"

#define DG_PI 3.14159265358979324
#define DG_LN2_HIGH 6.93147180369123816490e-01 /* 33 bits of ln 2 */
#define DG_LN2_LOW 1.90821492927058770002e-10  /* the rest */

DG_INLINE double dg_bits_double(uint64_t b)
{
    double d;
    memcpy(&d, &b, sizeof d);
    return d;
}

DG_INLINE uint64_t dg_double_bits(double d)
{
    uint64_t b;
    memcpy(&b, &d, sizeof b);
    return b;
}

DG_INLINE double dg_abs(double x)
{
    return dg_bits_double(dg_double_bits(x) & 0x7fffffffffffffffu);
}

/* dg_copysign returns x with the sign of y. */
DG_INLINE double dg_copysign(double x, double y)
{
    return dg_bits_double((dg_double_bits(x) & 0x7fffffffffffffffu) | (dg_double_bits(y) & 0x8000000000000000u));
}

DG_INLINE double dg_max(double x, double y)
{
    return x < y || y != y ? y : x;
}

DG_INLINE double dg_min(double x, double y)
{
    return x > y || y != y ? y : x;
}

DG_INLINE double dg_relu(double x)
{
    return x < 0.0 ? 0.0 : x;
}

DG_INLINE double dg_prelu(double x, double slope)
{
    return x < 0.0 ? x * slope : x;
}

DG_INLINE double dg_sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}

DG_INLINE double dg_threshold(double x, double alpha)
{
    return x > alpha ? x : x != x ? x : 0.0;
}

DG_INLINE double dg_shrink(double x, double bias, double lambd)
{
    return x < -lambd ? x + bias : x > lambd ? x - bias : 0.0;
}

DG_INLINE double dg_softsign(double x)
{
    return x / (1.0 + dg_abs(x));
}

/* dg_trunc returns the integer part, within 64 bits; 0 for NaN. */
DG_INLINE int64_t dg_trunc(double x)
{
    if (!(dg_abs(x) < 9223372036854775808.0)) {
        return x != x ? 0 : x < 0.0 ? INT64_MIN : x < 18446744073709551616.0 ? (int64_t)(uint64_t)x : INT64_MAX;
    }
    return (int64_t)x;
}

DG_INLINE double dg_floor(double x)
{
    if (!(dg_abs(x) < 4503599627370496.0)) {
        return x;
    }
    const double t = (double)(int64_t)x;
    return dg_copysign(t > x ? t - 1.0 : t, x);
}

DG_INLINE double dg_ceil(double x)
{
    return -dg_floor(-x);
}

DG_INLINE double dg_rint(double x)
{
    const double big = dg_copysign(4503599627370496.0, x);
    if (!(dg_abs(x) < 4503599627370496.0)) {
        return x;
    }
    return dg_copysign((x + big) - big, x);
}

/* dg_scale returns x * 2^n for -2044 <= n <= 2044. */
DG_INLINE double dg_scale(double x, int32_t n)
{
    const int32_t half = n / 2;
    return x * dg_bits_double((uint64_t)(1023 + half) << 52) * dg_bits_double((uint64_t)(1023 + n - half) << 52);
}

/* dg_expseries returns e^x - 1 for |x| <= 0.4. */
DG_INLINE double dg_expseries(double x)
{
    double p = 0.0;
    for (int32_t k = 16; k > 0; k--) {
        p = (p + 1.0) * x / (double)k;
    }
    return p;
}

/* dg_exp returns e^x. At most 1 ulp. */
DG_INLINE double dg_exp(double x)
{
    if (x != x) {
        return x;
    }
    if (x > 709.8 || x < -745.2) {
        return x > 0.0 ? (double)DG_INF : 0.0;
    }
    const double n = dg_rint(x * 1.44269504088896341);
    const double r = (x - n * DG_LN2_HIGH) - n * DG_LN2_LOW;
    return dg_scale(1.0 + dg_expseries(r), (int32_t)n);
}

/* dg_expm1 returns e^x - 1. At most 3 ulp. */
DG_INLINE double dg_expm1(double x)
{
    return dg_abs(x) < 0.4 ? dg_expseries(x) : dg_exp(x) - 1.0;
}

/* dg_log returns the natural logarithm: x = 2^e * m, and a series of (m - 1) / (m + 1). At most 1.5 ulp. */
DG_INLINE double dg_log(double x)
{
    int32_t e = 0;
    if (!(x >= 0.0)) {
        return (double)DG_NAN;
    }
    if (x == 0.0 || x > 1.7976931348623157e308) {
        return x == 0.0 ? -(double)DG_INF : x;
    }
    if (x < 2.2250738585072014e-308) {
        x *= 18014398509481984.0;
        e = -54;
    }
    const uint64_t b = dg_double_bits(x);
    e += (int32_t)(b >> 52) - 1023;
    double m = dg_bits_double((b & 0x000fffffffffffffu) | 0x3ff0000000000000u);
    if (m > 1.41421356237309505) {
        m *= 0.5;
        e++;
    }
    const double f = m - 1.0, s = f / (m + 1.0), z = s * s, n = (double)e;
    double p = 0.0;
    for (int32_t k = 23; k > 1; k -= 2) {
        p = (p + 2.0 / (double)k) * z;
    }
    /* f - s * (f - p) is 2 * s + s * p, and loses nothing near 1. */
    return n * DG_LN2_HIGH + (f - (s * (f - p) - n * DG_LN2_LOW));
}

DG_INLINE double dg_log1p(double x)
{
    const double u = 1.0 + x;
    return u == 1.0 || !(u <= 1.7976931348623157e308) ? x : dg_log(u) * (x / (u - 1.0));
}

/* dg_sqrt returns the square root, by Newton's method on its reciprocal. At most 1 ulp. */
DG_INLINE double dg_sqrt(double x)
{
    double scale = 1.0;
    if (!(x > 0.0)) {
        return x == 0.0 ? x : (double)DG_NAN;
    }
    if (x > 1.7976931348623157e308) {
        return x;
    }
    if (x < 1e-290) {
        x *= 18446744073709551616.0;
        scale = 2.3283064365386963e-10;
    }
    double r = dg_bits_double(0x5fe6eb50c7b537a9u - (dg_double_bits(x) >> 1));
    for (int32_t k = 0; k < 4; k++) {
        r *= 1.5 - 0.5 * x * r * r;
    }
    const double s = x * r;
    return (s + 0.5 * r * (x - s * s)) * scale;
}

DG_INLINE double dg_sigmoid(double x)
{
    const double e = dg_exp(-dg_abs(x));
    return x < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

/* dg_tanh returns the hyperbolic tangent. At most 3 ulp. */
DG_INLINE double dg_tanh(double x)
{
    const double a = dg_abs(x);
    if (!(a < 22.0)) {
        return x != x ? x : dg_copysign(1.0, x);
    }
    const double e = dg_expm1(2.0 * a);
    return dg_copysign(e / (e + 2.0), x);
}

DG_INLINE double dg_sinh(double x)
{
    const double a = dg_abs(x), e = dg_expm1(a);
    if (a > 30.0) {
        const double half = dg_exp(0.5 * a);
        return dg_copysign(0.5 * half * half, x);
    }
    return dg_copysign(0.5 * (e + e / (e + 1.0)), x);
}

DG_INLINE double dg_cosh(double x)
{
    const double half = dg_exp(0.5 * dg_abs(x));
    return 0.5 * half * half + 0.5 / half / half;
}

DG_INLINE double dg_asinh(double x)
{
    const double a = dg_abs(x);
    if (a > 1e8) {
        return dg_copysign(dg_log(a) + 0.693147180559945309, x);
    }
    return dg_copysign(dg_log1p(a + a * a / (1.0 + dg_sqrt(a * a + 1.0))), x);
}

DG_INLINE double dg_acosh(double x)
{
    const double t = x - 1.0;
    return x > 1e8 ? dg_log(x) + 0.693147180559945309 : dg_log1p(t + dg_sqrt(2.0 * t + t * t));
}

DG_INLINE double dg_atanh(double x)
{
    const double a = dg_abs(x);
    return dg_copysign(0.5 * dg_log1p(2.0 * a / (1.0 - a)), x);
}

/* dg_erf returns the error function: a series, or a continued fraction from 3 on. At most 10 ulp. */
DG_INLINE double dg_erf(double x)
{
    const double a = dg_abs(x), z = a * a;
    if (!(a < 6.0)) {
        return x != x ? x : dg_copysign(1.0, x);
    }
    if (a < 3.0) {
        double term = a, sum = a;
        for (int32_t n = 1; n < 80 && term > sum * 1e-18; n++) {
            term *= 2.0 * z / (double)(2 * n + 1);
            sum += term;
        }
        return dg_copysign(1.12837916709551257 * dg_exp(-z) * sum, x);
    }
    double f = a;
    for (int32_t k = 60; k > 0; k--) {
        f = a + 0.5 * (double)k / f;
    }
    return dg_copysign(1.0 - 0.564189583547756287 * dg_exp(-z) / f, x);
}

DG_INLINE double dg_elu(double x, double alpha)
{
    return x < 0.0 ? alpha * dg_expm1(x) : x;
}

DG_INLINE double dg_celu(double x, double alpha)
{
    return x < 0.0 ? alpha * dg_expm1(x / alpha) : x;
}

DG_INLINE double dg_softplus(double x)
{
    return dg_max(x, 0.0) + dg_log1p(dg_exp(-dg_abs(x)));
}

DG_INLINE double dg_mish(double x)
{
    return x * dg_tanh(dg_softplus(x));
}

DG_INLINE double dg_hardswish(double x)
{
    return x * dg_min(dg_max(x / 6.0 + 0.5, 0.0), 1.0);
}

DG_INLINE double dg_swish(double x, double alpha)
{
    return x * dg_sigmoid(x * alpha);
}

DG_INLINE double dg_gelu(double x)
{
    return 0.5 * x * (1.0 + dg_erf(x * 0.707106781186547524));
}

DG_INLINE double dg_gelutanh(double x)
{
    return 0.5 * x * (1.0 + dg_tanh(0.797884560802865356 * (x + 0.044715 * x * x * x)));
}

/* dg_pow returns x^y as e^(y * log x), whole powers of up to 64 by multiplication; a negative x needs an integer y. */
DG_INLINE double dg_pow(double x, double y)
{
    if (y == 0.0 || x == 1.0) {
        return 1.0;
    }
    if (dg_abs(y) <= 64.0 && dg_rint(y) == y) {
        double p = 1.0, base = x;
        for (int32_t n = (int32_t)dg_abs(y); n > 0; n >>= 1, base *= base) {
            p = (n & 1) != 0 ? p * base : p;
        }
        return y < 0.0 ? 1.0 / p : p;
    }
    const double p = x == 0.0 ? (y < 0.0 ? (double)DG_INF : 0.0) : dg_exp(y * dg_log(dg_abs(x)));
    if (x < 0.0) {
        if (dg_rint(y) != y) {
            return (double)DG_NAN;
        }
        return dg_rint(y * 0.5) * 2.0 != y ? -p : p;
    }
    return p;
}

/* dg_sincos returns the sine of x + quarter * pi / 2, by a series of the rest of x by pi / 2. At most 2 ulp for |x| < 1e4. */
DG_INLINE double dg_sincos(double x, int32_t quarter)
{
    const double n = dg_rint(x * 0.636619772367581343);
    const double r = ((x - n * 1.57079632673412561) - n * 6.07710050630396597e-11) - n * 2.02226624879595063e-21;
    if (!(dg_abs(x) < 1e9)) {
        return (double)DG_NAN;
    }
    const int32_t q = (int32_t)((int64_t)n & 3) + quarter;
    const double z = r * r;
    double p = 1.0;
    for (int32_t k = (q & 1) != 0 ? 20 : 21; k > 1; k -= 2) {
        p = 1.0 - p * z / (double)(k * (k - 1));
    }
    p = (q & 1) != 0 ? p : p * r;
    return (q & 2) != 0 ? -p : p;
}

DG_INLINE double dg_sin(double x)
{
    return dg_sincos(x, 0);
}

DG_INLINE double dg_cos(double x)
{
    return dg_sincos(x, 1);
}

DG_INLINE double dg_tan(double x)
{
    return dg_sin(x) / dg_cos(x);
}

/* dg_atan returns the arc tangent: the angle is halved twice, then a series. At most 3 ulp. */
DG_INLINE double dg_atan(double x)
{
    const double a = dg_abs(x);
    if (a > 1e16) {
        return dg_copysign(DG_PI / 2.0, x);
    }
    double t = a > 1.0 ? 1.0 / a : a;
    t = t / (1.0 + dg_sqrt(1.0 + t * t));
    t = t / (1.0 + dg_sqrt(1.0 + t * t));
    const double z = t * t;
    double p = 0.0;
    for (int32_t k = 23; k > 1; k -= 2) {
        p = (1.0 / (double)k - p) * z;
    }
    t = 4.0 * (t - t * p);
    return dg_copysign(a > 1.0 ? DG_PI / 2.0 - t : t, x);
}

DG_INLINE double dg_asin(double x)
{
    return 2.0 * dg_atan(x / (1.0 + dg_sqrt((1.0 - x) * (1.0 + x))));
}

DG_INLINE double dg_acos(double x)
{
    return 2.0 * dg_atan(dg_sqrt((1.0 - x) / (1.0 + x)));
}

/* dg_fmod returns the remainder of x / y with the sign of x. Exact. */
DG_INLINE double dg_fmod(double x, double y)
{
    const double a = dg_abs(x), b = dg_abs(y);
    if (!(a <= 1.7976931348623157e308) || !(b > 0.0)) {
        return (double)DG_NAN;
    }
    double rest = a, part = b;
    while (part <= rest * 0.5) {
        part *= 2.0;
    }
    for (; rest >= b; part *= 0.5) {
        rest = rest >= part ? rest - part : rest;
    }
    return dg_copysign(rest, x);
}

/* dg_mod returns the remainder with the sign of y, a zero included. */
DG_INLINE double dg_mod(double x, double y)
{
    const double r = dg_fmod(x, y);
    if (r == 0.0) {
        return dg_copysign(0.0, y);
    }
    return (r < 0.0) != (y < 0.0) ? r + y : r;
}

#endif
