/* dft: discrete Fourier transform of LENGTH elements along an axis, of which the first IN are there and the others 0; BINS of the result.
 * x [OUTER][IN][INNER][CI], table [LENGTH][2] in: cosines and sines; y [OUTER][BINS][INNER][CO] out. CI and CO are 1 for real numbers and
 * 2 for complex ones; where CO is 1 only the first half of x is read, and the other is its mirror. INVERSE 1 divides by LENGTH. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { OUTER = 1, IN = 6, INNER = 2, CI = 1, LENGTH = 8, BINS = 5, CO = 2, INVERSE = 0 };
#endif
static void dft(const T DG_MEM *DG_RESTRICT x, const T DG_ROM *DG_RESTRICT table, T *DG_RESTRICT y)
{
    for (dg_idx o = 0; o < OUTER; o++) {
        for (dg_idx b = 0; b < BINS; b++) {
            for (dg_idx k = 0; k < INNER; k++) {
                T re = 0, im = 0;
                int32_t turn = 0;
                for (dg_idx n = 0; n < LENGTH; n++) {
                    const int mirrored = CO == 1 && n > LENGTH / 2;
                    const dg_idx m = mirrored ? LENGTH - n : n;
                    if (m < IN) {
                        const T c = table[2 * turn], s = INVERSE ? table[2 * turn + 1] : -table[2 * turn + 1];
                        const T u = x[((o * IN + m) * INNER + k) * CI], v = CI == 1 ? 0 : x[((o * IN + m) * INNER + k) * CI + CI - 1];
                        const T w = mirrored ? -v : v;
                        re += u * c - w * s;
                        im += u * s + w * c;
                    }
                    turn = (turn + b) % LENGTH;
                }
                const T scale = INVERSE ? (T)1 / (T)LENGTH : (T)1;
                *y++ = re * scale;
                if (CO == 2) {
                    *y++ = im * scale;
                }
            }
        }
    }
}
