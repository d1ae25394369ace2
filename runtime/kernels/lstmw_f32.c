/* lstmw_f32: LSTM whose weights are stored in 8 bits, forward, gates in ONNX's order: input, output, forget, cell.
 * x [STEPS][BATCH][IN], h0, c0 [BATCH][H] in, w [4*H][IN], r [4*H][H], ws, rs [4*H], b [2][4*H]; y [STEPS][BATCH][H], h, c [BATCH][H] out.
 * scratch: 5*H floats. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { STEPS = 2, BATCH = 1, IN = 3, H = 4 };
#endif
static void lstmw_f32(const float *DG_RESTRICT x, const int8_t DG_ROM *DG_RESTRICT w, const int8_t DG_ROM *DG_RESTRICT r, const float DG_ROM *DG_RESTRICT ws,
                      const float DG_ROM *DG_RESTRICT rs, const float DG_ROM *DG_RESTRICT b, const float *DG_RESTRICT h0, const float *DG_RESTRICT c0, float *DG_RESTRICT y, float *DG_RESTRICT h, float *DG_RESTRICT c, void *scratch)
{
    float *gate = (float *)scratch;
    memcpy(h, h0, (size_t)(BATCH * H) * sizeof(float));
    memcpy(c, c0, (size_t)(BATCH * H) * sizeof(float));
    for (dg_idx t = 0; t < STEPS; t++) {
        for (dg_idx n = 0; n < BATCH; n++, x += IN, y += H) {
            float *hn = h + n * H, *cn = c + n * H;
            for (dg_idx i = 0; i < 4 * H; i++) {
                float in = 0.0f, rec = 0.0f;
                for (dg_idx k = 0; k < IN; k++) {
                    in += (float)w[i * IN + k] * x[k];
                }
                for (dg_idx k = 0; k < H; k++) {
                    rec += (float)r[i * H + k] * hn[k];
                }
                gate[i] = b[i] + b[4 * H + i] + ws[i] * in + rs[i] * rec;
            }
            for (dg_idx j = 0; j < H; j++) {
                cn[j] = dg_sigmoidf(gate[2 * H + j]) * cn[j] + dg_sigmoidf(gate[j]) * dg_tanhf(gate[3 * H + j]);
                hn[j] = dg_sigmoidf(gate[H + j]) * dg_tanhf(cn[j]);
                y[j] = hn[j];
            }
        }
    }
}
