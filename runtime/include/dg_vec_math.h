/* dg_vec_math.h: functions of dg_math.h for vectors, with the same bits in every lane. They are not commented again. */
#ifndef DG_VEC_MATH_H
#define DG_VEC_MATH_H

#include "dg_vec.h"
#include "dg_math.h"

/* dg_vpick has lanes of a where those of mask are all ones, and of b where they are 0. */
DG_INLINE DG_ALWAYS dg_vf dg_vpick(dg_vi mask, dg_vf a, dg_vf b) { return (dg_vf)(((dg_vi)a & mask) | ((dg_vi)b & ~mask)); }

/* dg_vsign has the sign bits of a vector. */
DG_INLINE DG_ALWAYS dg_vi dg_vsign(dg_vf x) { return (dg_vi)x & INT32_MIN; }

DG_INLINE DG_ALWAYS dg_vf dg_vabs(dg_vf x) { return (dg_vf)((dg_vi)x & INT32_MAX); }

DG_INLINE DG_ALWAYS dg_vf dg_vmax(dg_vf x, dg_vf y) { return dg_vpick((x < y) | (y != y), y, x); }

DG_INLINE DG_ALWAYS dg_vf dg_vmin(dg_vf x, dg_vf y) { return dg_vpick((x > y) | (y != y), y, x); }

DG_INLINE DG_ALWAYS dg_vf dg_vrelu(dg_vf x) { return (dg_vf)((dg_vi)x & ~(x < 0.0f)); }

DG_INLINE DG_ALWAYS dg_vf dg_vprelu(dg_vf x, dg_vf slope) { return dg_vpick(x < 0.0f, x * slope, x); }

DG_INLINE DG_ALWAYS dg_vf dg_vthreshold(dg_vf x, dg_vf alpha) { return (dg_vf)((dg_vi)x & ((x > alpha) | (x != x))); }

DG_INLINE DG_ALWAYS dg_vf dg_vsoftsign(dg_vf x) { return x / (1.0f + dg_vabs(x)); }

DG_INLINE dg_vf dg_vrint(dg_vf x)
{
    const dg_vf a = dg_vabs(x), whole = (a + 8388608.0f) - 8388608.0f;
    return dg_vpick(a < 8388608.0f, (dg_vf)((dg_vi)whole | dg_vsign(x)), x);
}

DG_INLINE dg_vf dg_vexp(dg_vf x)
{
    const dg_vf in = dg_vpick(x > 88.8f, dg_vset(0.0f), dg_vpick(x < -104.0f, dg_vset(0.0f), dg_vpick(x != x, dg_vset(0.0f), x)));
    const dg_vf n = dg_vrint(in * 1.44269504f);
    const dg_vf r = (in - n * 0.693359375f) - n * -2.12194440e-4f;
    dg_vf p = dg_vset(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const dg_vi whole = __builtin_convertvector(n, dg_vi), half = (whole - (whole < 0)) >> 1;
    p = (p * (r * r) + r + 1.0f) * (dg_vf)((half + 127) << 23) * (dg_vf)((whole - half + 127) << 23);
    return dg_vpick(x > 88.8f, dg_vset(DG_INF), dg_vpick(x < -104.0f, dg_vset(0.0f), dg_vpick(x != x, x, p)));
}

DG_INLINE dg_vf dg_vexpm1(dg_vf x)
{
    dg_vf p = dg_vset(1.9875691500e-4f);
    p = p * x + 1.3981999507e-3f;
    p = p * x + 8.3334519073e-3f;
    p = p * x + 4.1665795894e-2f;
    p = p * x + 1.6666665459e-1f;
    p = p * x + 5.0000001201e-1f;
    return dg_vpick(dg_vabs(x) > 0.34f, dg_vexp(x) - 1.0f, p * (x * x) + x);
}

DG_INLINE dg_vf dg_velu(dg_vf x, dg_vf alpha) { return dg_vpick(x < 0.0f, alpha * dg_vexpm1(x), x); }

DG_INLINE dg_vf dg_vcelu(dg_vf x, dg_vf alpha) { return dg_vpick(x < 0.0f, alpha * dg_vexpm1(x / alpha), x); }

DG_INLINE dg_vf dg_vsigmoid(dg_vf x)
{
    const dg_vf e = dg_vexp(-dg_vabs(x));
    return dg_vpick(x < 0.0f, e, dg_vset(1.0f)) / (1.0f + e);
}

DG_INLINE dg_vf dg_vtanh(dg_vf x)
{
    const dg_vf a = dg_vabs(x), z = x * x;
    dg_vf p = dg_vset(-5.70498872745e-3f);
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const dg_vf t = 1.0f - 2.0f / (dg_vexp(a + a) + 1.0f);
    const dg_vf far = dg_vpick(x < 0.0f, -dg_vpick(a > 9.1f, dg_vset(1.0f), t), dg_vpick(a > 9.1f, dg_vset(1.0f), t));
    return dg_vpick(a < 0.625f, p * z * x + x, far);
}

DG_INLINE dg_vf dg_verf(dg_vf x)
{
    const dg_vf a = dg_vabs(x), z = x * x, t = 1.0f / (1.0f + 0.5f * a);
    dg_vf p = dg_vset(7.853861353153693e-5f), q = dg_vset(-0.276112703f);
    p = p * z - 8.010193625184903e-4f;
    p = p * z + 5.188327685732524e-3f;
    p = p * z - 2.685381193529856e-2f;
    p = p * z + 1.128358514861418e-1f;
    p = p * z - 3.761262582423300e-1f;
    p = p * z + 1.128379165726710f;
    q = q * t + 1.07646892f;
    q = q * t - 1.4979963f;
    q = q * t + 0.758311271f;
    q = q * t - 0.233967273f;
    q = q * t + 0.447361653f;
    q = q * t + 0.990730351f;
    q = q * t - 1.26499853f;
    const dg_vf c = dg_vpick(a > 4.0f, dg_vset(1.0f), 1.0f - t * dg_vexp(q - a * a));
    return dg_vpick(a < 1.0f, p * x, dg_vpick(x != x, x, dg_vpick(x < 0.0f, -c, c)));
}

DG_INLINE dg_vf dg_vsqrt(dg_vf x)
{
    const dg_vi tiny = x < 1e-30f;
    const dg_vf in = dg_vabs(dg_vpick(tiny, x * 18446744073709551616.0f, x));
    dg_vf r = (dg_vf)(0x5f375a86 - ((dg_vi)in >> 1));
    r *= 1.5f - 0.5f * in * r * r;
    r *= 1.5f - 0.5f * in * r * r;
    r *= 1.5f - 0.5f * in * r * r;
    const dg_vf s = in * r, root = (s + 0.5f * r * (in - s * s)) * dg_vpick(tiny, dg_vset(2.3283064365386963e-10f), dg_vset(1.0f));
    return dg_vpick((x > 3.4028235e38f) | (x == 0.0f), x, dg_vpick(x > 0.0f, root, dg_vset(DG_NAN)));
}

DG_INLINE dg_vf dg_vhardswish(dg_vf x) { return x * dg_vmin(dg_vmax(x / 6.0f + 0.5f, dg_vset(0.0f)), dg_vset(1.0f)); }

DG_INLINE dg_vf dg_vswish(dg_vf x, dg_vf alpha) { return x * dg_vsigmoid(x * alpha); }

#endif
