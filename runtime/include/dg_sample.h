/* dg_sample.h: reading between the pixels of an image. Coordinates and weights are float, whatever the image's type. */
#ifndef DG_SAMPLE_H
#define DG_SAMPLE_H

#include "dg_math.h"

#define DG_NEAREST_PIXEL 0
#define DG_LINEAR 1
#define DG_CUBIC 2

#define DG_ZEROS 0
#define DG_BORDER 1
#define DG_REFLECTION 2

/* dg_reflect mirrors a coordinate at lo and hi until it is between. */
DG_INLINE float dg_reflect(float x, float lo, float hi)
{
    const float range = hi - lo;
    if (!(range > 0.0f)) {
        return lo;
    }
    float d = dg_absf(x - lo);
    d -= dg_floorf(d / (2.0f * range)) * (2.0f * range);
    return lo + dg_minf(d, 2.0f * range - d);
}

/* dg_border returns the element of n that stands for position i, or -1 for a zero. */
DG_INLINE int32_t dg_border(int32_t i, int32_t n, int32_t padding, int32_t align)
{
    if (i >= 0 && i < n) {
        return i;
    }
    if (padding == DG_BORDER) {
        return i < 0 ? 0 : n - 1;
    }
    if (padding == DG_REFLECTION) {
        const int32_t r = (int32_t)dg_reflect((float)i, align ? 0.0f : -0.5f, (float)n - (align ? 1.0f : 0.5f));
        return r < 0 ? 0 : r < n ? r : n - 1;
    }
    return -1;
}

/* dg_cubic is Keys' kernel with a coefficient of -0.75. */
DG_INLINE float dg_cubic(float d)
{
    const float a = -0.75f;
    d = dg_absf(d);
    if (d <= 1.0f) {
        return ((a + 2.0f) * d - (a + 3.0f)) * d * d + 1.0f;
    }
    return d < 2.0f ? ((a * d - 5.0f * a) * d + 8.0f * a) * d - 4.0f * a : 0.0f;
}

/* dg_grid sets the elements of n, -1 for zeros, and the weights that coordinate g, from -1 to 1, stands for, and returns how many. */
DG_INLINE int32_t dg_grid(float g, int32_t n, int32_t mode, int32_t padding, int32_t align, int32_t *pos, float *weight)
{
    float x = align ? (g + 1.0f) / 2.0f * (float)(n - 1) : ((g + 1.0f) * (float)n - 1.0f) / 2.0f;
    if (x != x) {
        x = -1.0f;
    }
    if (mode != DG_CUBIC && padding == DG_BORDER) {
        x = dg_minf(dg_maxf(x, 0.0f), (float)(n - 1));
    }
    if (mode != DG_CUBIC && padding == DG_REFLECTION) {
        x = dg_reflect(x, align ? 0.0f : -0.5f, (float)n - (align ? 1.0f : 0.5f));
    }
    x = dg_minf(dg_maxf(x, -1e9f), 1e9f);
    if (mode == DG_NEAREST_PIXEL) {
        pos[0] = dg_border((int32_t)dg_rintf(x), n, padding, align);
        weight[0] = 1.0f;
        return 1;
    }
    const float low = dg_floorf(x);
    const int32_t first = (int32_t)low - (mode == DG_CUBIC ? 1 : 0), count = mode == DG_CUBIC ? 4 : 2;
    for (int32_t k = 0; k < count; k++) {
        const float d = x - (float)(first + k);
        pos[k] = dg_border(first + k, n, padding, align);
        weight[k] = mode == DG_CUBIC ? dg_cubic(d) : dg_maxf(1.0f - dg_absf(d), 0.0f);
    }
    return count;
}

/* dg_between sets the two elements of n that a coordinate lies between and returns how far it is from the first. */
DG_INLINE float dg_between(float v, int32_t n, int32_t *lo, int32_t *hi)
{
    v = dg_maxf(v, 0.0f);
    if (!(v < (float)(n - 1))) {
        *lo = n - 1;
        *hi = n - 1;
        return 0.0f;
    }
    *lo = (int32_t)v;
    *hi = *lo + 1;
    return v - (float)*lo;
}

#endif
