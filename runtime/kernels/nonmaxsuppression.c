/* nonmaxsuppression: for each batch and class, the boxes with the highest scores that do not overlap one that was taken before by more than
 * a part of what both cover, and how many there are; zeros behind them. One box is found after the other.
 * boxes [BATCHES][N][4], scores [BATCHES][CLASSES][N], most [1], overlap [1] and least [1] in;
 * y [BATCHES * CLASSES * MOST][3], that is batch, class and box, and count [1] out. CENTER is 1 where boxes are x, y, width, height. */
#include "dg.h"
#include "dg_boxes.h"
#ifndef DG_KERNEL
enum { BATCHES = 1, CLASSES = 2, N = 5, MOST = 3, CENTER = 0 };
#endif
static void nonmaxsuppression(const float DG_MEM *DG_RESTRICT boxes, const float DG_MEM *DG_RESTRICT scores, const int64_t DG_MEM *DG_RESTRICT most,
                              const float DG_MEM *DG_RESTRICT overlap, const float DG_MEM *DG_RESTRICT least, int64_t *DG_RESTRICT y, int64_t *DG_RESTRICT count)
{
    dg_idx taken = 0;
    for (dg_idx c = 0; c < BATCHES * CLASSES; c++) {
        const dg_idx from = taken;
        dg_idx last = -1;
        while (taken - from < MOST && taken - from < most[0]) {
            dg_idx best = -1;
            for (dg_idx i = 0; i < N; i++) {
                const float s = scores[c * N + i], l = scores[c * N + (last < 0 ? i : last)], b = scores[c * N + (best < 0 ? i : best)];
                if (s > least[0] && (last < 0 || s < l || (s == l && i > last)) && (best < 0 || s > b)) {
                    best = i;
                }
            }
            if (best < 0) {
                break;
            }
            last = best;
            const dg_idx at = c / CLASSES * N;
            const dg_box a = dg_box_of(boxes[(at + best) * 4], boxes[(at + best) * 4 + 1], boxes[(at + best) * 4 + 2], boxes[(at + best) * 4 + 3], CENTER);
            int free = 1;
            for (dg_idx k = from; k < taken && free; k++) {
                const dg_idx j = (at + (dg_idx)y[k * 3 + 2]) * 4;
                free = !(dg_box_overlap(&a, dg_box_of(boxes[j], boxes[j + 1], boxes[j + 2], boxes[j + 3], CENTER)) > overlap[0]);
            }
            if (free) {
                y[taken * 3] = c / CLASSES;
                y[taken * 3 + 1] = c % CLASSES;
                y[taken * 3 + 2] = best;
                taken++;
            }
        }
    }
    for (dg_idx i = taken * 3; i < BATCHES * CLASSES * MOST * 3; i++) {
        y[i] = 0;
    }
    count[0] = taken;
}
