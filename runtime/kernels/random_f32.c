/* random_f32: random numbers, the same in every run: a hash of the element's index and a seed.
 * y [N] out. */
#include "dg.h"
#include "dg_float.h"
#ifndef DG_KERNEL
enum { N = 5 };
static const int64_t SEED = 1;
static const float SCALE = 2.0f, SHIFT = -1.0f;
#define DRAW(i, seed) dg_uniformf(i, seed)
#endif
static void random_f32(float *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = DRAW((uint32_t)i, (uint32_t)SEED) * SCALE + SHIFT;
    }
}
