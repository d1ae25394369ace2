/* lstm: LSTM in one direction, with peepholes, any activations and a length for each sequence; gates in ONNX's order: input, output,
 * forget, cell.
 * x [STEPS][BATCH][IN], w [4*H][IN], r [4*H][H], b [2][4*H], lens [BATCH], h0, c0 [BATCH][H], p [3][H] in;
 * y [STEPS][BATCH][H], h, c [BATCH][H] out. COUPLED 1: the forget gate is 1 less the input gate. scratch: 4*H elements. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
typedef float T;
enum { STEPS = 2, BATCH = 1, IN = 3, H = 4, BACKWARD = 0, COUPLED = 0 };
#define CLIP(v) (v)
#define F(v) dg_sigmoidf(v)
#define G(v) dg_tanhf(v)
#define O(v) dg_tanhf(v)
#endif
static void lstm(const T DG_MEM *DG_RESTRICT x, const T DG_MEM *DG_RESTRICT w, const T DG_MEM *DG_RESTRICT r, const T DG_MEM *DG_RESTRICT b,
                 const int32_t DG_MEM *DG_RESTRICT lens, const T DG_MEM *DG_RESTRICT h0, const T DG_MEM *DG_RESTRICT c0, const T DG_MEM *DG_RESTRICT p,
                 T *DG_RESTRICT y, T *DG_RESTRICT h, T *DG_RESTRICT c, void *scratch)
{
    T *gate = (T *)scratch;
    for (dg_idx n = 0; n < BATCH; n++) {
        const dg_idx steps = (dg_idx)(lens[n] < 0 ? 0 : lens[n] < STEPS ? lens[n] : STEPS);
        T *hn = h + n * H, *cn = c + n * H;
        for (dg_idx j = 0; j < H; j++) {
            hn[j] = h0[n * H + j];
            cn[j] = c0[n * H + j];
        }
        for (dg_idx i = 0; i < STEPS; i++) {
            const dg_idx t = BACKWARD && i < steps ? steps - 1 - i : i, at = (t * BATCH + n) * IN;
            T *out = y + (t * BATCH + n) * H;
            for (dg_idx j = 0; j < 4 * H && i < steps; j++) {
                T v = b[j] + b[4 * H + j];
                for (dg_idx k = 0; k < IN; k++) {
                    v += w[j * IN + k] * x[at + k];
                }
                for (dg_idx k = 0; k < H; k++) {
                    v += r[j * H + k] * hn[k];
                }
                gate[j] = v;
            }
            for (dg_idx j = 0; j < H; j++) {
                if (i >= steps) {
                    out[j] = 0;
                    continue;
                }
                T v = gate[j] + p[j] * cn[j];
                v = CLIP(v);
                const T in = F(v);
                v = gate[2 * H + j] + p[2 * H + j] * cn[j];
                v = CLIP(v);
                const T forget = COUPLED ? 1 - in : F(v);
                v = gate[3 * H + j];
                v = CLIP(v);
                cn[j] = forget * cn[j] + in * G(v);
                v = gate[H + j] + p[H + j] * cn[j];
                v = CLIP(v);
                const T shown = F(v);
                v = cn[j];
                hn[j] = shown * O(v);
                out[j] = hn[j];
            }
        }
    }
}
