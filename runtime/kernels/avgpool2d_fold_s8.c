/* avgpool2d_fold_s8: 2-D average pooling of 8-bit values of windows that are KH rows apart, one row of the input, number `row`, at a time; every
 * window has the same divisor, which is part of MUL.
 * x one row [IW][C], y [OW][C] written with the last row of a window: clamp(round(sum(x - XZ) * MUL * 2^-SHIFT) + YZ, QMIN, QMAX); TIES: whether
 * halves can occur, which go to even. XT, YT: int8_t or uint8_t. Kernel KW wide, stride SW, dilation DW, padding PL to the left; taps outside
 * the row count as XZ. scratch: sums [OW][C] of 4 bytes, kept from row to row. */
#include "dg.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { IW = 4, C = 3, OW = 2, KH = 2, KW = 2, SW = 2, DW = 1, PL = 0 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1, SHIFT = 33 };
static const int32_t MUL = 1500000000;
#endif
static void avgpool2d_fold_s8(DG_ROWS(XT) x, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    const XT *from = (const XT *)x[0];
    int32_t *sums = (int32_t *)scratch;
    for (dg_idx ox = 0; ox < OW; ox++) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx c = 0; c < C; c++, sums++, y++) {
            int32_t sum = row % KH != 0 ? *sums : 0;
            for (dg_idx kx = kx0; kx < kx1; kx++) {
                sum += from[(ix + kx * DW) * C + c] - XZ;
            }
            *sums = sum;
            if (row % KH == KH - 1) {
                *y = (YT)dg_clamp(dg_requant(sum, MUL, SHIFT, TIES) + YZ, QMIN, QMAX);
            }
        }
    }
}
