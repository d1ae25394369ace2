/* gruw_f32: GRU whose weights are stored in 8 bits, forward, gates in ONNX's order: update, reset, hidden. LINEAR is ONNX's linear_before_reset.
 * x [STEPS][BATCH][IN], h0 [BATCH][H] in, w [3*H][IN], r [3*H][H], ws, rs [3*H], b [2][3*H]; y [STEPS][BATCH][H], h [BATCH][H] out.
 * scratch: 4*H floats. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { STEPS = 2, BATCH = 1, IN = 3, H = 4, LINEAR = 0 };
#endif
static void gruw_f32(const float *DG_RESTRICT x, const int8_t DG_ROM *DG_RESTRICT w, const int8_t DG_ROM *DG_RESTRICT r, const float DG_ROM *DG_RESTRICT ws,
                     const float DG_ROM *DG_RESTRICT rs, const float DG_ROM *DG_RESTRICT b, const float *DG_RESTRICT h0, float *DG_RESTRICT y, float *DG_RESTRICT h, void *scratch)
{
    float *gate = (float *)scratch, *gated = gate + 3 * H;
    memcpy(h, h0, (size_t)(BATCH * H) * sizeof(float));
    for (dg_idx t = 0; t < STEPS; t++) {
        for (dg_idx n = 0; n < BATCH; n++, x += IN, y += H) {
            float *hn = h + n * H;
            for (dg_idx i = 0; i < 2 * H; i++) {
                float in = 0.0f, rec = 0.0f;
                for (dg_idx k = 0; k < IN; k++) {
                    in += (float)w[i * IN + k] * x[k];
                }
                for (dg_idx k = 0; k < H; k++) {
                    rec += (float)r[i * H + k] * hn[k];
                }
                gate[i] = dg_sigmoidf(b[i] + b[3 * H + i] + ws[i] * in + rs[i] * rec);
            }
            for (dg_idx j = 0; j < H; j++) {
                gated[j] = LINEAR ? hn[j] : gate[H + j] * hn[j];
            }
            for (dg_idx j = 0; j < H; j++) {
                const dg_idx i = 2 * H + j;
                float in = 0.0f, rec = 0.0f;
                for (dg_idx k = 0; k < IN; k++) {
                    in += (float)w[i * IN + k] * x[k];
                }
                for (dg_idx k = 0; k < H; k++) {
                    rec += (float)r[i * H + k] * gated[k];
                }
                in = b[i] + ws[i] * in;
                rec = b[3 * H + i] + rs[i] * rec;
                gate[i] = dg_tanhf(in + (LINEAR ? gate[H + j] * rec : rec));
            }
            for (dg_idx j = 0; j < H; j++) {
                hn[j] = (1.0f - gate[j]) * gate[2 * H + j] + gate[j] * hn[j];
                y[j] = hn[j];
            }
        }
    }
}
