/* requant_s16: integers of one scale to another, within bounds.
 * x [N] in, y [N] out. y = clamp(round((x - XZ) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX); TIES: whether halves can occur. XT, YT:
 * integers of 8 or 16 bits. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int16_t XT;
typedef int8_t YT;
enum { N = 5, XZ = 0, YZ = -5, QMIN = -128, QMAX = 127, SHIFT = 38, TIES = 1 };
static const int32_t MUL = 1500000000;
#endif
static void requant_s16(const XT *x, YT *y)
{
    for (dg_idx i = 0; i < N; i++) {
        y[i] = (YT)dg_clamp(dg_requant((int32_t)x[i] - XZ, MUL, SHIFT, TIES) + YZ, QMIN, QMAX);
    }
}
