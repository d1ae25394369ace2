/* gru: GRU in one direction, with any activations and a length for each sequence; gates in ONNX's order: update, reset, hidden.
 * x [STEPS][BATCH][IN], w [3*H][IN], r [3*H][H], b [2][3*H], lens [BATCH], h0 [BATCH][H] in; y [STEPS][BATCH][H], h [BATCH][H] out.
 * LINEAR 1: the reset gate multiplies behind the product with r. scratch: 4*H elements. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef float T;
enum { STEPS = 2, BATCH = 1, IN = 3, H = 4, BACKWARD = 0, LINEAR = 0 };
#define CLIP(v) (v)
#define F(v) dg_sigmoidf(v)
#define G(v) dg_tanhf(v)
#endif
static void gru(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT w, const T DG_MEM *DG_RESTRICT r, const T DG_MEM *DG_RESTRICT b,
                const int32_t DG_MEM *DG_RESTRICT lens, const T DG_MEM *DG_RESTRICT h0, T *DG_RESTRICT y, T *DG_RESTRICT h, void *scratch)
{
    T *gate = (T *)scratch, *gated = gate + 3 * H;
    for (dg_idx n = 0; n < BATCH; n++) {
        const dg_idx steps = (dg_idx)(lens[n] < 0 ? 0 : lens[n] < STEPS ? lens[n] : STEPS);
        T *hn = h + n * H;
        for (dg_idx j = 0; j < H; j++) {
            hn[j] = h0[n * H + j];
        }
        for (dg_idx i = 0; i < STEPS; i++) {
            const dg_idx t = BACKWARD && i < steps ? steps - 1 - i : i, at = (t * BATCH + n) * IN;
            T *out = y + (t * BATCH + n) * H;
            for (dg_idx j = 0; j < 3 * H && i < steps; j++) {
                T in = b[j], rec = b[3 * H + j];
                for (dg_idx k = 0; k < IN; k++) {
                    in += w[j * IN + k] * x[at + k];
                }
                for (dg_idx k = 0; k < H; k++) {
                    rec += r[j * H + k] * (j < 2 * H || LINEAR ? hn[k] : gated[k]);
                }
                T v = in + rec;
                if (j >= 2 * H && LINEAR) {
                    v = in + gate[j - H] * rec;
                }
                v = CLIP(v);
                gate[j] = j < 2 * H ? F(v) : G(v);
                if (j >= H && j < 2 * H) {
                    gated[j - H] = gate[j] * hn[j - H];
                }
            }
            for (dg_idx j = 0; j < H; j++) {
                hn[j] = i < steps ? (1 - gate[j]) * gate[2 * H + j] + gate[j] * hn[j] : hn[j];
                out[j] = i < steps ? hn[j] : 0;
            }
        }
    }
}
