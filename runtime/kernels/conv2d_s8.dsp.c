/* conv2d_s8: for cores with DSP instructions. Parameters, shapes and results are those of conv2d_s8.c.
 * Where a pixel reads few values, and they come in fours, four pixels by two channels at a time: the values, less XZ, are widened to
 * pairs once for all channels. Otherwise two pixels by two channels, four products to each by one load. Runs of input channels, and of whole kernel rows where the kernel is
 * neither grouped nor dilated, lie next to each other in both x and w. Where a pixel reads few values they are gathered first, with
 * XZ for taps outside x, so that they are one run. */
#include "dg.h"
#include "dg_dsp.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
typedef int8_t WT;
enum { IW = 4, IC = 4, OW = 2, OC = 6, KH = 3, KW = 3, SW = 2, DW = 1, PL = 1, G = 2 };
enum { XZ = 3, YZ = -5, QMIN = -128, QMAX = 127, TIES = 1 };
#endif
static void conv2d_s8(DG_ROWS(XT) x, const WT DG_ROM *DG_RESTRICT w, const int32_t DG_ROM *DG_RESTRICT b, const int32_t DG_ROM *DG_RESTRICT m,
                      const int8_t DG_ROM *DG_RESTRICT s, YT *DG_RESTRICT y)
{
    enum { ICG = IC / G, OCG = OC / G, JOIN = G == 1 && DW == 1, NARROW = sizeof(WT) == 1, UNSIGNED = (XT)-1 > 0 };
    enum { TAPS = KH * KW * ICG, TILE = G == 1 && NARROW && TAPS % 4 == 0 && TAPS >= 16 && TAPS <= 288 && OC % 2 == 0 };
    enum { GATHER = !TILE && G == 1 && KH * KW > 1 && TAPS <= 640 };
    enum { FOURS = IC % 4 == 0 }; /* else the values are put next to each other first */
    XT column[2][GATHER || (TILE && !FOURS) ? TAPS : 1];
    uint32_t tile[TILE ? 2 * TAPS : 1];
    const uint32_t offset = dg_pair(-XZ);
    for (dg_idx p = 0, pixels; TILE && p < OW; p += pixels, y += pixels * OC) {
        pixels = OW - p < 4 ? OW - p : 4; /* the last one is computed more than once where four do not fit */
        for (dg_idx r = 0; r < 4; r++) {
            const dg_idx ox = p + (r < pixels ? r : pixels - 1);
            uint32_t *to = tile + r;
            XT *byte = column[0];
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *row = (const XT *)x[ky];
                for (dg_idx kx = 0; kx < KW; kx++) {
                    const dg_idx ix = ox * SW - PL + kx * DW;
                    const int outside = row == NULL || ix < 0 || ix >= IW;
                    const XT *from = outside ? NULL : row + ix * IC;
                    for (dg_idx ic = 0; !FOURS && ic < IC; ic++) {
                        *byte++ = outside ? (XT)XZ : from[ic];
                    }
                    for (dg_idx ic = 0; FOURS && outside && ic < IC; ic += 2, to += 4) {
                        *to = 0;
                    }
                    for (dg_idx ic = 0; FOURS && !outside && ic < IC; ic += 4, to += 8) {
                        dg_widen(to, dg_load4(from + ic), offset, UNSIGNED);
                    }
                }
            }
            for (dg_idx k = 0; !FOURS && k < TAPS; k += 4, to += 8) {
                dg_widen(to, dg_load4(column[0] + k), offset, UNSIGNED);
            }
        }
        const int8_t DG_ROM *q = (const int8_t DG_ROM *)w;
        for (dg_idx oc = 0; oc < OC; oc += 2, q += 2 * TAPS) {
            int32_t sums[8] = { b[oc], b[oc + 1], b[oc], b[oc + 1], b[oc], b[oc + 1], b[oc], b[oc + 1] };
            dg_tile(sums, tile, q, TAPS, TAPS / 4);
            for (dg_idx r = 0; r < 2 * pixels; r++) {
                const dg_idx c = oc + r % 2;
                y[r / 2 * OC + c] = (YT)dg_clamp(dg_requant(sums[r], m[c], s[c], TIES) + YZ, QMIN, QMAX);
            }
        }
    }
    for (dg_idx ox = 0, pixels; !TILE && ox < OW; ox += pixels, y += pixels * OC) {
        const dg_idx ix = ox * SW - PL;
        const dg_idx kx0 = GATHER || ix >= 0 ? 0 : (-ix + DW - 1) / DW;
        const dg_idx kx1 = GATHER ? 1 : ix + (KW - 1) * DW < IW ? KW : (IW - ix + DW - 1) / DW;
        const dg_idx step = JOIN ? kx1 - kx0 : 1;
        pixels = ox + 1 < OW && (GATHER || (ix >= 0 && ix + SW + (KW - 1) * DW < IW)) ? 2 : 1;
        for (dg_idx p = 0; GATHER && p < pixels; p++) {
            XT *to = column[p];
            for (dg_idx ky = 0; ky < KH; ky++) {
                const XT *row = (const XT *)x[ky];
                for (dg_idx kx = 0; kx < KW; kx++) {
                    const dg_idx tx = ix + p * SW + kx * DW;
                    for (dg_idx ic = 0; ic < IC; ic++) {
                        *to++ = row != NULL && tx >= 0 && tx < IW ? row[tx * IC + ic] : (XT)XZ;
                    }
                }
            }
        }
        const WT DG_ROM *wo = w;
        for (dg_idx oc = 0, channels; oc < OC; oc += channels, wo += channels * TAPS) {
            channels = oc % OCG + 1 < OCG ? 2 : 1;
            const dg_idx next = (channels - 1) * TAPS;
            int32_t a00 = b[oc], a01 = b[oc + channels - 1], a10 = a00, a11 = a01;
            for (dg_idx ky = 0; ky < (GATHER ? 1 : KH); ky++) {
                for (dg_idx kx = kx0; (GATHER || x[ky] != NULL) && kx < kx1; kx += step) {
                    const XT *p0 = GATHER ? column[0] : (const XT *)x[ky] + (ix + kx * DW) * IC + oc / OCG * ICG;
                    const XT *p1 = GATHER ? column[pixels - 1] : p0 + (pixels - 1) * SW * IC;
                    const WT DG_ROM *q0 = wo + (ky * KW + kx) * ICG;
                    const WT DG_ROM *q1 = q0 + next;
                    dg_idx k = GATHER ? TAPS : step * ICG;
                    for (; NARROW && k >= 4; k -= 4, p0 += 4, p1 += 4, q0 += 4, q1 += 4) {
                        const uint32_t v0 = dg_load4(p0), v1 = dg_load4(p1), u0 = dg_load4(q0), u1 = dg_load4(q1);
                        const uint32_t e0 = UNSIGNED ? dg_even_u(offset, v0) : dg_even(offset, v0), o0 = UNSIGNED ? dg_odd_u(offset, v0) : dg_odd(offset, v0);
                        const uint32_t e1 = UNSIGNED ? dg_even_u(offset, v1) : dg_even(offset, v1), o1 = UNSIGNED ? dg_odd_u(offset, v1) : dg_odd(offset, v1);
                        const uint32_t f0 = dg_weven(u0), g0 = dg_wodd(u0);
                        a00 = dg_smlad(o0, g0, dg_smlad(e0, f0, a00));
                        a10 = dg_smlad(o1, g0, dg_smlad(e1, f0, a10));
                        const uint32_t f1 = dg_weven(u1), g1 = dg_wodd(u1);
                        a01 = dg_smlad(o0, g1, dg_smlad(e0, f1, a01));
                        a11 = dg_smlad(o1, g1, dg_smlad(e1, f1, a11));
                    }
                    for (; k > 0; k--, p0++, p1++, q0++, q1++) {
                        a00 += (*p0 - XZ) * *q0;
                        a01 += (*p0 - XZ) * *q1;
                        a10 += (*p1 - XZ) * *q0;
                        a11 += (*p1 - XZ) * *q1;
                    }
                }
            }
            y[oc] = (YT)dg_clamp(dg_requant(a00, m[oc], s[oc], TIES) + YZ, QMIN, QMAX);
            if (channels == 2) {
                y[oc + 1] = (YT)dg_clamp(dg_requant(a01, m[oc + 1], s[oc + 1], TIES) + YZ, QMIN, QMAX);
            }
            if (pixels == 2) {
                y[OC + oc] = (YT)dg_clamp(dg_requant(a10, m[oc], s[oc], TIES) + YZ, QMIN, QMAX);
            }
            if (pixels + channels == 4) {
                y[OC + oc + 1] = (YT)dg_clamp(dg_requant(a11, m[oc + 1], s[oc + 1], TIES) + YZ, QMIN, QMAX);
            }
        }
    }
}
