/* svmproba_f32: probabilities of classes from decisions between pairs of them, by pairwise coupling (Wu, Lin and Weng 2004, second method).
 * d [ROWS][pairs], a and b [pairs] in: a pair's probability is 1 / (1 + e^(a * d + b)); y [ROWS][CLASSES] out.
 * scratch: CLASSES * (CLASSES + 1) floats. */
#include "dg.h"
#include "dg_math.h"
#ifndef DG_KERNEL
enum { ROWS = 1, CLASSES = 3 };
#endif
static void svmproba_f32(const float *DG_RESTRICT d, const float DG_ROM *DG_RESTRICT a, const float DG_ROM *DG_RESTRICT b, float *DG_RESTRICT y, void *scratch)
{
    float *q = (float *)scratch, *qp = q + CLASSES * CLASSES;
    for (dg_idx row = 0; row < ROWS; row++, y += CLASSES) {
        dg_idx pair = 0;
        for (dg_idx i = 0; i < CLASSES; i++) {
            q[i * CLASSES + i] = 0.0f;
            y[i] = 1.0f / (float)CLASSES;
        }
        for (dg_idx i = 0; i < CLASSES; i++) {
            for (dg_idx j = i + 1; j < CLASSES; j++, pair++) {
                float v = 1.0f / (1.0f + dg_expf(*d++ * a[pair] + b[pair]));
                v = dg_minf(dg_maxf(v, 1e-7f), 1.0f - 1e-7f);
                q[i * CLASSES + i] += (1.0f - v) * (1.0f - v);
                q[j * CLASSES + j] += v * v;
                q[i * CLASSES + j] = -v * (1.0f - v);
                q[j * CLASSES + i] = -v * (1.0f - v);
            }
        }
        for (int32_t turn = 0; turn < (CLASSES > 100 ? CLASSES : 100); turn++) {
            float pqp = 0.0f, worst = 0.0f;
            for (dg_idx i = 0; i < CLASSES; i++) {
                qp[i] = 0.0f;
                for (dg_idx j = 0; j < CLASSES; j++) {
                    qp[i] += q[i * CLASSES + j] * y[j];
                }
                pqp += y[i] * qp[i];
            }
            for (dg_idx i = 0; i < CLASSES; i++) {
                worst = dg_maxf(worst, dg_absf(qp[i] - pqp));
            }
            if (worst < 0.005f / (float)CLASSES) {
                break;
            }
            for (dg_idx i = 0; i < CLASSES; i++) {
                const float step = (pqp - qp[i]) / q[i * CLASSES + i];
                y[i] += step;
                pqp = (pqp + step * (step * q[i * CLASSES + i] + 2.0f * qp[i])) / (1.0f + step) / (1.0f + step);
                for (dg_idx j = 0; j < CLASSES; j++) {
                    qp[j] = (qp[j] + step * q[i * CLASSES + j]) / (1.0f + step);
                    y[j] /= 1.0f + step;
                }
            }
        }
    }
}
