/* convint2d_s8: for cores with DSP instructions, four output channels at a time. Parameters, shapes and results are those of
 * convint2d_s8.c. */
#include "dg.h"
#include "dg_dsp16.h"
#ifndef DG_KERNEL
typedef uint8_t XT;
typedef int8_t WT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
#endif
static void convint2d_s8(DG_ROWS(XT) x, const XT *DG_RESTRICT xz, const WT DG_ROM *DG_RESTRICT w, int32_t *DG_RESTRICT y)
{
    enum { ICG = IC / G, OCG = OC / G, TAPS = KH * KW * ICG, ROWS = DW == 1 && G == 1 }; /* ROWS: the taps of a row are one piece */
    const int pairs = sizeof(WT) == 1, is_unsigned = (XT)-1 > 0;
    const int32_t zero = *xz;
    const uint32_t offset = dg_pair(-zero);
    for (dg_idx ox = 0; ox < OW; ox++, y += OC) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = ix < 0 ? (-ix + DW - 1) / DW : 0;
        const dg_idx kx1 = ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        for (dg_idx oc = 0, c; oc < OC; oc += c) {
            const dg_idx left = OCG - oc % OCG;
            c = left < 4 ? left : 4; /* the last ones are computed more than once where four do not fit */
            const dg_idx c1 = c > 1 ? 1 : 0, c2 = c > 2 ? 2 : 0, c3 = c > 3 ? 3 : 0;
            int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
            for (dg_idx ky = 0; ky < KH; ky++) {
                for (dg_idx kx = kx0; x[ky] != NULL && kx < kx1; kx += ROWS ? KW : 1) {
                    const XT *p = (const XT *)x[ky] + (ix + kx * DW) * IC + oc / OCG * ICG;
                    const WT DG_ROM *q0 = w + oc * TAPS + (ky * KW + kx) * ICG;
                    const WT DG_ROM *q1 = q0 + c1 * TAPS, *q2 = q0 + c2 * TAPS, *q3 = q0 + c3 * TAPS;
                    dg_idx k = ROWS ? (kx1 - kx0) * ICG : ICG;
                    for (; pairs && k >= 4; k -= 4, p += 4, q0 += 4, q1 += 4, q2 += 4, q3 += 4) {
                        const uint32_t v = dg_load4(p);
                        const uint32_t x02 = is_unsigned ? dg_even_u(offset, v) : dg_even(offset, v), x13 = is_unsigned ? dg_odd_u(offset, v) : dg_odd(offset, v);
                        a0 = dg_four(x02, x13, dg_load4(q0), a0);
                        a1 = dg_four(x02, x13, dg_load4(q1), a1);
                        a2 = dg_four(x02, x13, dg_load4(q2), a2);
                        a3 = dg_four(x02, x13, dg_load4(q3), a3);
                    }
                    for (; k > 0; k--, p++) {
                        const int32_t v = *p - zero;
                        a0 += v * *q0++;
                        a1 += v * *q1++;
                        a2 += v * *q2++;
                        a3 += v * *q3++;
                    }
                }
            }
            const int32_t acc[4] = { a0, a1, a2, a3 };
            for (dg_idx k = 0; k < c; k++) {
                y[oc + k] = acc[k];
            }
        }
    }
}
