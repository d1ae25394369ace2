/* rnn: simple RNN in one direction, with any activation.
 * x [STEPS][BATCH][IN], w [H][IN], r [H][H], b [2][H], lens [BATCH], h0 [BATCH][H] in; y [STEPS][BATCH][H], h [BATCH][H] out.
 * scratch: H elements. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef float T;
enum { STEPS = 2, BATCH = 1, IN = 3, H = 4, BACKWARD = 0 };
#define CLIP(v) (v)
#define F(v) dg_tanhf(v)
#endif
static void rnn(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT w, const T DG_MEM *DG_RESTRICT r, const T DG_MEM *DG_RESTRICT b,
                const int32_t DG_MEM *DG_RESTRICT lens, const T DG_MEM *DG_RESTRICT h0, T *DG_RESTRICT y, T *DG_RESTRICT h, void *scratch)
{
    T *next = (T *)scratch;
    for (dg_idx n = 0; n < BATCH; n++) {
        const dg_idx steps = (dg_idx)(lens[n] < 0 ? 0 : lens[n] < STEPS ? lens[n] : STEPS);
        T *hn = h + n * H;
        for (dg_idx j = 0; j < H; j++) {
            hn[j] = h0[n * H + j];
        }
        for (dg_idx i = 0; i < STEPS; i++) {
            const dg_idx t = BACKWARD && i < steps ? steps - 1 - i : i, at = (t * BATCH + n) * IN;
            T *out = y + (t * BATCH + n) * H;
            for (dg_idx j = 0; j < H && i < steps; j++) {
                T v = b[j] + b[H + j];
                for (dg_idx k = 0; k < IN; k++) {
                    v += w[j * IN + k] * x[at + k];
                }
                for (dg_idx k = 0; k < H; k++) {
                    v += r[j * H + k] * hn[k];
                }
                v = CLIP(v);
                next[j] = F(v);
            }
            for (dg_idx j = 0; j < H; j++) {
                hn[j] = i < steps ? next[j] : hn[j];
                out[j] = i < steps ? next[j] : 0;
            }
        }
    }
}
