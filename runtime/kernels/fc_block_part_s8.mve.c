/* fc_block_part_s8: for cores with Helium, four outputs at a time. Parameters, shapes and results are those of fc_block_part_s8.c. */
#include "dg.h"
#include "dg_blocks.h"
#include "dg_fixed.h"
#ifndef DG_KERNEL
typedef int8_t XT;
typedef int8_t YT;
enum { K = 4, ROWS = 2, NO = 3, YZ = -5, QMIN = -128, QMAX = 127, FAST = 1 };
#endif
static void fc_block_part_s8(DG_ROWS(XT) x, const uint32_t DG_ROM *DG_RESTRICT blocks, YT *DG_RESTRICT y, void *scratch, dg_idx row)
{
    enum { KP = (ROWS * K + 15) / 16 * 16, FLIP = (XT)-1 > 0 ? 128 : 0 };
    const dg_idx from = row * K / 16, end = (row * K + K + 15) / 16, before = row * K % 16, behind = end * 16 - (row * K + K);
    const dg_block_part some = { 0xFFFFu << before, 0xFFFFu >> behind, FLIP * 0x01010101u };
    const XT *part = (const XT *)x[0] - before;
    const uint32_t DG_ROM *q = blocks + (KP / 16 - end) * 16;
    int32_t *sums = (int32_t *)scratch;
    for (dg_idx j = 0; j < NO; j += 4, sums += 4, q += KP + 12) {
        const uint32_t DG_ROM *tail = q + KP - (KP / 16 - end) * 16;
        for (dg_idx c = 0; row == 0 && c < 4; c++) {
            sums[c] = (int32_t)tail[c];
        }
        dg_block_sums(sums, part, q, end - from, &some);
        for (dg_idx c = 0; row == ROWS - 1 && c < 4 && j + c < NO; c++) {
            y[j + c] = (YT)dg_clamp(dg_requant(sums[c], (int32_t)tail[4 + c], 32 - (int32_t)tail[8 + c], !FAST) + YZ, QMIN, QMAX);
        }
    }
}
