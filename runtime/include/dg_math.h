/* dg_math.h: float functions of deepgo's own: the same bits on every target, no libm.
 * Polynomials for exp, log, tanh, erf near 0, sin, cos and atan have the coefficients of S. Moshier's Cephes (netlib.org/cephes).
 * Errors, where stated, are the greatest measured over all of a function's range, in units in the last place; runtime/math_test.go
 * measures them again. */
#ifndef DG_MATH_H
#define DG_MATH_H

#include "dg.h"

#define DG_INF (dg_bits_float(0x7f800000u))
#define DG_NAN (dg_bits_float(0x7fc00000u))

DG_INLINE float dg_bits_float(uint32_t b)
{
    float f;
    memcpy(&f, &b, sizeof f);
    return f;
}

DG_INLINE uint32_t dg_float_bits(float f)
{
    uint32_t b;
    memcpy(&b, &f, sizeof b);
    return b;
}

DG_INLINE float dg_absf(float x)
{
    return dg_bits_float(dg_float_bits(x) & 0x7fffffffu);
}

/* dg_maxf returns x, or y where x < y or y is NaN. */
DG_INLINE float dg_maxf(float x, float y)
{
    return x < y || y != y ? y : x;
}

/* dg_minf returns x, or y where x > y or y is NaN. */
DG_INLINE float dg_minf(float x, float y)
{
    return x > y || y != y ? y : x;
}

DG_INLINE float dg_reluf(float x)
{
    return x < 0.0f ? 0.0f : x;
}

DG_INLINE float dg_preluf(float x, float slope)
{
    return x < 0.0f ? x * slope : x;
}

DG_INLINE float dg_signf(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

DG_INLINE float dg_thresholdf(float x, float alpha)
{
    return x > alpha ? x : x != x ? x : 0.0f;
}

DG_INLINE float dg_shrinkf(float x, float bias, float lambd)
{
    return x < -lambd ? x + bias : x > lambd ? x - bias : 0.0f;
}

DG_INLINE float dg_softsignf(float x)
{
    return x / (1.0f + dg_absf(x));
}

/* dg_rintf rounds to the nearest integer, ties to even. Exact. */
DG_INLINE float dg_rintf(float x)
{
    const uint32_t sign = dg_float_bits(x) & 0x80000000u;
    const float a = dg_absf(x);
    if (!(a < 8388608.0f)) {
        return x;
    }
    const int32_t i = (int32_t)a;
    const float rest = a - (float)i;
    const int32_t up = rest > 0.5f || (rest == 0.5f && (i & 1) != 0);
    return dg_bits_float(dg_float_bits((float)(i + up)) | sign);
}

DG_INLINE float dg_floorf(float x)
{
    if (!(dg_absf(x) < 8388608.0f)) {
        return x;
    }
    const float t = (float)(int32_t)x;
    return dg_bits_float(dg_float_bits(t > x ? t - 1.0f : t) | (dg_float_bits(x) & (t == 0.0f && x <= 0.0f && x == t ? 0x80000000u : 0u)));
}

DG_INLINE float dg_ceilf(float x)
{
    return -dg_floorf(-x);
}

/* dg_scalef returns x * 2^n for -252 <= n <= 252. */
DG_INLINE float dg_scalef(float x, int32_t n)
{
    const int32_t half = n / 2;
    return x * dg_bits_float((uint32_t)(127 + half) << 23) * dg_bits_float((uint32_t)(127 + n - half) << 23);
}

/* dg_expf returns e^x: 2^n times a polynomial of the rest r, |r| <= ln(2)/2. At most 1 ulp. */
DG_INLINE float dg_expf(float x)
{
    if (x != x) {
        return x;
    }
    if (x > 88.8f) {
        return DG_INF;
    }
    if (x < -104.0f) {
        return 0.0f;
    }
    const float n = dg_rintf(x * 1.44269504f);
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return dg_scalef(p * (r * r) + r + 1.0f, (int32_t)n);
}

/* dg_expm1f returns e^x - 1, without cancellation near 0. At most 3.5 ulp. */
DG_INLINE float dg_expm1f(float x)
{
    if (dg_absf(x) > 0.34f) {
        return dg_expf(x) - 1.0f;
    }
    float p = 1.9875691500e-4f;
    p = p * x + 1.3981999507e-3f;
    p = p * x + 8.3334519073e-3f;
    p = p * x + 4.1665795894e-2f;
    p = p * x + 1.6666665459e-1f;
    p = p * x + 5.0000001201e-1f;
    return p * (x * x) + x;
}

/* dg_logf returns the natural logarithm: x = 2^e * m, sqrt(1/2) <= m < sqrt(2). At most 1 ulp. */
DG_INLINE float dg_logf(float x)
{
    int32_t e = 0;
    if (x != x || x < 0.0f) {
        return DG_NAN;
    }
    if (x == 0.0f) {
        return -DG_INF;
    }
    if (x > 3.4028235e38f) {
        return x;
    }
    if (x < 1.17549435e-38f) {
        x *= 8388608.0f;
        e = -23;
    }
    uint32_t b = dg_float_bits(x);
    e += (int32_t)(b >> 23) - 126;
    float m = dg_bits_float((b & 0x007fffffu) | 0x3f000000u);
    if (m < 0.707106781f) {
        e--;
        m += m;
    }
    m -= 1.0f;
    const float z = m * m, n = (float)e;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * z + n * -2.12194440e-4f - 0.5f * z;
    return m + p + n * 0.693359375f;
}

/* dg_sqrtf returns the square root by Newton's method on 1/sqrt, with one correction. At most 1 ulp. */
DG_INLINE float dg_sqrtf(float x)
{
    float scale = 1.0f;
    if (!(x > 0.0f)) {
        return x == 0.0f ? x : DG_NAN;
    }
    if (x > 3.4028235e38f) {
        return x;
    }
    if (x < 1e-30f) {
        x *= 18446744073709551616.0f;
        scale = 2.3283064365386963e-10f;
    }
    float r = dg_bits_float(0x5f375a86u - (dg_float_bits(x) >> 1));
    r *= 1.5f - 0.5f * x * r * r;
    r *= 1.5f - 0.5f * x * r * r;
    r *= 1.5f - 0.5f * x * r * r;
    const float s = x * r;
    return (s + 0.5f * r * (x - s * s)) * scale;
}

/* dg_sigmoidf returns 1 / (1 + e^-x). At most 2 ulp. */
DG_INLINE float dg_sigmoidf(float x)
{
    const float e = dg_expf(-dg_absf(x));
    return x < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);
}

/* dg_tanhf returns the hyperbolic tangent. At most 1.5 ulp. */
DG_INLINE float dg_tanhf(float x)
{
    const float a = dg_absf(x);
    if (a > 9.1f) {
        return x > 0.0f ? 1.0f : -1.0f;
    }
    if (a < 0.625f) {
        const float z = x * x;
        float p = -5.70498872745e-3f;
        p = p * z + 2.06390887954e-2f;
        p = p * z - 5.37397155531e-2f;
        p = p * z + 1.33314422036e-1f;
        p = p * z - 3.33332819422e-1f;
        return p * z * x + x;
    }
    const float t = 1.0f - 2.0f / (dg_expf(a + a) + 1.0f);
    return x < 0.0f ? -t : t;
}

/* dg_erff returns the error function: a polynomial near 0, one minus an exponential elsewhere. At most 3 ulp. */
DG_INLINE float dg_erff(float x)
{
    const float a = dg_absf(x);
    if (x != x) {
        return x;
    }
    if (a < 1.0f) {
        const float z = x * x;
        float p = 7.853861353153693e-5f;
        p = p * z - 8.010193625184903e-4f;
        p = p * z + 5.188327685732524e-3f;
        p = p * z - 2.685381193529856e-2f;
        p = p * z + 1.128358514861418e-1f;
        p = p * z - 3.761262582423300e-1f;
        p = p * z + 1.128379165726710f;
        return p * x;
    }
    if (a > 4.0f) {
        return x > 0.0f ? 1.0f : -1.0f;
    }
    /* erfc(a) = t * e^(p(t) - a*a) with t = 1/(1 + a/2); p is a Chebyshev fit made for 1 <= a <= 4.2. */
    const float t = 1.0f / (1.0f + 0.5f * a);
    float p = -0.276112703f;
    p = p * t + 1.07646892f;
    p = p * t - 1.4979963f;
    p = p * t + 0.758311271f;
    p = p * t - 0.233967273f;
    p = p * t + 0.447361653f;
    p = p * t + 0.990730351f;
    p = p * t - 1.26499853f;
    const float c = 1.0f - t * dg_expf(p - a * a);
    return x < 0.0f ? -c : c;
}

DG_INLINE float dg_eluf(float x, float alpha)
{
    return x < 0.0f ? alpha * dg_expm1f(x) : x;
}

DG_INLINE float dg_celuf(float x, float alpha)
{
    return x < 0.0f ? alpha * dg_expm1f(x / alpha) : x;
}

DG_INLINE float dg_softplusf(float x)
{
    return dg_maxf(x, 0.0f) + dg_logf(1.0f + dg_expf(-dg_absf(x)));
}

DG_INLINE float dg_mishf(float x)
{
    return x * dg_tanhf(dg_softplusf(x));
}

DG_INLINE float dg_hardswishf(float x)
{
    return x * dg_minf(dg_maxf(x / 6.0f + 0.5f, 0.0f), 1.0f);
}

DG_INLINE float dg_swishf(float x, float alpha)
{
    return x * dg_sigmoidf(x * alpha);
}

/* dg_powf returns x^y as e^(y * log x); a negative x needs an integer y. */
DG_INLINE float dg_powf(float x, float y)
{
    if (y == 0.0f || x == 1.0f) {
        return 1.0f;
    }
    if (y == 2.0f) {
        return x * x;
    }
    if (y == 0.5f) {
        return dg_sqrtf(x);
    }
    const float p = x == 0.0f ? (y < 0.0f ? DG_INF : 0.0f) : dg_expf(y * dg_logf(dg_absf(x)));
    if (x < 0.0f) {
        if (dg_rintf(y) != y) {
            return DG_NAN;
        }
        return dg_rintf(y * 0.5f) * 2.0f != y ? -p : p;
    }
    return p;
}

/* dg_sinpoly and dg_cospoly are for |x| <= pi/4. */
DG_INLINE float dg_sinpoly(float x)
{
    const float z = x * x;
    return ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
}

DG_INLINE float dg_cospoly(float x)
{
    const float z = x * x;
    return ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1.0f;
}

/* dg_sinf and dg_cosf reduce x by multiples of pi/2 in three steps: good to |x| of about 8000. */
DG_INLINE float dg_sinf(float x)
{
    const float n = dg_rintf(x * 0.636619772f);
    const float r = ((x - n * 1.5703125f) - n * 4.837512969970703e-4f) - n * 7.549789948768648e-8f;
    const int32_t k = (int32_t)n & 3;
    const float v = (k & 1) != 0 ? dg_cospoly(r) : dg_sinpoly(r);
    return k >= 2 ? -v : v;
}

DG_INLINE float dg_cosf(float x)
{
    const float n = dg_rintf(x * 0.636619772f);
    const float r = ((x - n * 1.5703125f) - n * 4.837512969970703e-4f) - n * 7.549789948768648e-8f;
    const int32_t k = (int32_t)n & 3;
    const float v = (k & 1) != 0 ? dg_sinpoly(r) : dg_cospoly(r);
    return k == 1 || k == 2 ? -v : v;
}

DG_INLINE float dg_tanf(float x)
{
    return dg_sinf(x) / dg_cosf(x);
}

DG_INLINE float dg_atanf(float x)
{
    float a = dg_absf(x), base = 0.0f;
    if (a > 2.414213562f) {
        base = 1.570796327f;
        a = -1.0f / a;
    } else if (a > 0.414213562f) {
        base = 0.785398163f;
        a = (a - 1.0f) / (a + 1.0f);
    }
    const float z = a * a;
    const float v = base + ((((8.05374449538e-2f * z - 1.38776856032e-1f) * z + 1.99777106478e-1f) * z - 3.33329491539e-1f) * z * a + a);
    return x < 0.0f ? -v : v;
}

DG_INLINE float dg_asinf(float x)
{
    const float a = dg_absf(x);
    if (a > 1.0f) {
        return DG_NAN;
    }
    const float v = a == 1.0f ? 1.570796327f : dg_atanf(a / dg_sqrtf((1.0f - a) * (1.0f + a)));
    return x < 0.0f ? -v : v;
}

DG_INLINE float dg_acosf(float x)
{
    return 1.570796327f - dg_asinf(x);
}

DG_INLINE float dg_sinhf(float x)
{
    const float a = dg_absf(x);
    const float e = dg_expm1f(a);
    const float v = a > 44.0f ? 0.5f * dg_expf(a * 0.5f) * dg_expf(a * 0.5f) : 0.5f * (e + e / (e + 1.0f));
    return x < 0.0f ? -v : v;
}

DG_INLINE float dg_coshf(float x)
{
    const float e = dg_expf(dg_absf(x) * 0.5f);
    return 0.5f * e * e + 0.5f / e / e;
}

DG_INLINE float dg_asinhf(float x)
{
    const float a = dg_absf(x);
    const float v = a < 0.02f ? a - a * a * a / 6.0f : dg_logf(a + dg_sqrtf(a * a + 1.0f));
    return x < 0.0f ? -v : v;
}

DG_INLINE float dg_acoshf(float x)
{
    return dg_logf(x + dg_sqrtf((x - 1.0f) * (x + 1.0f)));
}

DG_INLINE float dg_atanhf(float x)
{
    return dg_absf(x) < 0.02f ? x + x * x * x / 3.0f : 0.5f * dg_logf((1.0f + x) / (1.0f - x));
}

#endif
