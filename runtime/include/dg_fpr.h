/* dg_fpr.h: what dg_fpu.h has in assembly for Cortex-M, in C for FPUs with 32 registers, whose compilers keep the sums there. */
#ifndef DG_FPR_H
#define DG_FPR_H

#include "dg_fpu.h"

/* The sums of a block's eight channels are s##0 to s##7. */
#define DG_FPR_BEGIN(s, b) float s##0 = (b)[0], s##1 = (b)[1], s##2 = (b)[2], s##3 = (b)[3], s##4 = (b)[4], s##5 = (b)[5], s##6 = (b)[6], s##7 = (b)[7]
#define DG_FPR_ADD(s, x, w) \
    s##0 += (x) * (w)[0], s##1 += (x) * (w)[1], s##2 += (x) * (w)[2], s##3 += (x) * (w)[3], \
    s##4 += (x) * (w)[4], s##5 += (x) * (w)[5], s##6 += (x) * (w)[6], s##7 += (x) * (w)[7]
#define DG_FPR_EACH(s, x, w) \
    s##0 += (x)[0] * (w)[0], s##1 += (x)[1] * (w)[1], s##2 += (x)[2] * (w)[2], s##3 += (x)[3] * (w)[3], \
    s##4 += (x)[4] * (w)[4], s##5 += (x)[5] * (w)[5], s##6 += (x)[6] * (w)[6], s##7 += (x)[7] * (w)[7]
#define DG_FPR_END(s, y, t) \
    (y)[0] = dg_fpu_bound(s##0, t), (y)[1] = dg_fpu_bound(s##1, t), (y)[2] = dg_fpu_bound(s##2, t), (y)[3] = dg_fpu_bound(s##3, t), \
    (y)[4] = dg_fpu_bound(s##4, t), (y)[5] = dg_fpu_bound(s##5, t), (y)[6] = dg_fpu_bound(s##6, t), (y)[7] = dg_fpu_bound(s##7, t)

/* dg_fpr_two computes the blocks of two pixels of a convolution. */
DG_INLINE void dg_fpr_two(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t)
{
    for (int32_t left = t->blocks; left > 0; left--, w += t->size / 4, y += 8) {
        DG_FPR_BEGIN(a, w);
        DG_FPR_BEGIN(b, w);
        for (const dg_fpu_segment *s = list; s != t->end; s++) {
            const float *p = s->x + t->offset / 4, *q = p + t->step / 4, *v = w + s->at / 4, *const end = p + s->n;
            for (; p != end; p++, q++, v += 8) {
                DG_FPR_ADD(a, *p, v);
                DG_FPR_ADD(b, *q, v);
            }
        }
        float *const z = y + t->stride / 4;
        DG_FPR_END(a, y, t);
        DG_FPR_END(b, z, t);
    }
}

/* dg_fpr_one computes the blocks of a pixel of a convolution, or of a fully connected layer. */
DG_INLINE void dg_fpr_one(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t)
{
    for (int32_t left = t->blocks; left > 0; left--, w += t->size / 4, y += 8) {
        const float *const from = t->sums ? y : w;
        DG_FPR_BEGIN(a, from);
        for (const dg_fpu_segment *s = list; s != t->end; s++) {
            const float *p = s->x + t->offset / 4, *v = w + s->at / 4, *const end = p + s->n;
            for (; p != end; p++, v += 8) {
                DG_FPR_ADD(a, *p, v);
            }
        }
        DG_FPR_END(a, y, t);
    }
}

/* dg_fpr_each_two computes the blocks of two pixels of a depthwise convolution. */
DG_INLINE void dg_fpr_each_two(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t)
{
    for (int32_t left = t->blocks, c = 0; left > 0; left--, c += 8, w += t->size / 4, y += 8) {
        DG_FPR_BEGIN(a, w);
        DG_FPR_BEGIN(b, w);
        for (const dg_fpu_segment *s = list; s != t->end; s++) {
            const float *const p = s->x + t->offset / 4 + c, *const q = p + t->step / 4, *const v = w + s->at / 4;
            DG_FPR_EACH(a, p, v);
            DG_FPR_EACH(b, q, v);
        }
        float *const z = y + t->stride / 4;
        DG_FPR_END(a, y, t);
        DG_FPR_END(b, z, t);
    }
}

/* dg_fpr_each_one computes the blocks of a pixel of a depthwise convolution. */
DG_INLINE void dg_fpr_each_one(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t)
{
    for (int32_t left = t->blocks, c = 0; left > 0; left--, c += 8, w += t->size / 4, y += 8) {
        DG_FPR_BEGIN(a, w);
        for (const dg_fpu_segment *s = list; s != t->end; s++) {
            const float *const p = s->x + t->offset / 4 + c, *const v = w + s->at / 4;
            DG_FPR_EACH(a, p, v);
        }
        DG_FPR_END(a, y, t);
    }
}

#endif
