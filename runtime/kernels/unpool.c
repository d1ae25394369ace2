/* unpool: elements put where indices say, in the corner of an image of zeros.
 * x [N], at [N] in: indices into [NC][ID][IH][IW]; y [NC][OD][OH][OW] out. */
#include "dg.h"
#include "dg_index.h"
#ifndef DG_KERNEL
typedef float T;
typedef int64_t IT;
enum { N = 4, NC = 1, ID = 1, IH = 4, IW = 4, OD = 1, OH = 5, OW = 5 };
#endif
static void unpool(const T DG_MEM *DG_RESTRICT x, const IT DG_MEM *DG_RESTRICT at, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < NC * OD * OH * OW; i++) {
        y[i] = 0;
    }
    for (dg_idx i = 0; i < N; i++) {
        const dg_idx k = dg_inside(at[i], (int32_t)NC * ID * IH * IW);
        y[((k / (ID * IH * IW) * OD + k / (IH * IW) % ID) * OH + k / IW % IH) * OW + k % IW] = x[i];
    }
}
