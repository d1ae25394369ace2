/* fc_block_s8: for cores with Helium, four outputs at a time. Parameters, shapes and results are those of fc_block_s8.c. */
#include "dg.h"
#include "dg_blocks.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 5, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_block_s8(const XT *DG_RESTRICT x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y)
{
    enum { CHUNKS = (K + 15) / 16, LAST = K - (CHUNKS - 1) * 16, WORDS = CHUNKS * 16 + 12, FLIP = (XT)-1 > 0 ? 128 : 0, FOURS = FAST && !FLIP ? NO / 4 * 4 : 0 };
    static const dg_blocks a = { CHUNKS - 1, LAST, 0, 0, FOURS * WORDS, FOURS, YZ, QMIN, QMAX };
    if (FOURS > 0) {
        dg_blocks1(x, blocks, y, &a, 1);
    }
    static const dg_block_part all = { 0xFFFF, 0xFFFF >> (16 - LAST), FLIP * 0x01010101u };
    const uint32_t DG_ROM *q = blocks + FOURS / 4 * WORDS + CHUNKS * 16;
    for (dg_idx j = FOURS; j < NO; j += 4, q += WORDS) {
        int32_t sums[4] = { 0, 0, 0, 0 };
        dg_block_sums(sums, x, q - CHUNKS * 16, CHUNKS, &all);
        for (dg_idx c = 0; c < 4 && j + c < NO; c++) {
            y[j + c] = (YT)dg_clamp(dg_requant((int32_t)q[c] + sums[c], (int32_t)q[4 + c], 32 - (int32_t)q[8 + c], !FAST) + YZ, QMIN, QMAX);
        }
    }
}
