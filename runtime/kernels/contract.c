/* contract: sums of products of two operands along up to three axes: matrix products of any types and shapes.
 * y [D0]...[D3] out; a and b in, read with strides A0 ... A3 and B0 ... B3 along those axes, and P0 ... P2 and Q0 ... Q2 along the
 * summed ones, of sizes R0 ... R2. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
typedef float AT;
enum { D0 = 1, D1 = 1, D2 = 2, D3 = 3, A0 = 0, A1 = 0, A2 = 4, A3 = 0, B0 = 0, B1 = 0, B2 = 0, B3 = 1 };
enum { R0 = 1, R1 = 1, R2 = 4, P0 = 0, P1 = 0, P2 = 1, Q0 = 0, Q1 = 0, Q2 = 3 };
#endif
static void contract(const T DG_MEM *a, const T DG_MEM *b, T *DG_RESTRICT y)
{
    for (dg_idx i = 0; i < D0 * D1; i++) {
        for (dg_idx j = 0; j < D2; j++) {
            for (dg_idx k = 0; k < D3; k++) {
                const dg_idx p = i / D1 * A0 + i % D1 * A1 + j * A2 + k * A3, q = i / D1 * B0 + i % D1 * B1 + j * B2 + k * B3;
                AT acc = 0;
                for (dg_idx l = 0; l < R0 * R1; l++) {
                    for (dg_idx m = 0; m < R2; m++) {
                        const dg_idx u = p + l / R1 * P0 + l % R1 * P1 + m * P2, v = q + l / R1 * Q0 + l % R1 * Q1 + m * Q2;
                        acc += (AT)a[u] * (AT)b[v];
                    }
                }
                *y++ = (T)acc;
            }
        }
    }
}
