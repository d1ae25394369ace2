/* dg_fpu.h: products of float pixels with the weights of eight output channels, a block, at a time: the loops around them, and by the FPUs of
 * Cortex-M4, M7 and M33 in assembly, since sums and operands fill the 32 registers, and GCC loads and stores one by one what VLDM takes together.
 *
 * A block is its eight biases, then, for each tap, eight weights; the last block has as many channels as are left. Every sum begins with its bias and
 * takes one product after the other, rounded before it is added, as C does; VMUL and VADD also take less time than VMLA. */
#ifndef DG_FPU_H
#define DG_FPU_H

#include "dg.h"

/* dg_fpu_segment is inputs next to each other: n of them, or for a depthwise convolution one of every channel, at x, to be multiplied by what is
 * `at` bytes behind a block's start. */
typedef struct {
    const float *x;
    int32_t at, n;
} dg_fpu_segment;

/* dg_fpu_tile says what to compute of a pixel, or of two: from segments up to `end`, whose inputs lie `offset` bytes further, `step` more for the
 * second pixel; `blocks` of eight channels and `rest` more, a block having `size` bytes, `stride` bytes from a pixel of the output to the next.
 * act: 1, results are at least `low`; 2, and at most `high`. sums: these begin with what is in the output, not with biases. */
typedef struct {
    const dg_fpu_segment *end;
    int32_t blocks, step, stride, size, offset, act;
    float low, high;
    int32_t sums, rest;
} dg_fpu_tile;
typedef void dg_fpu_function(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t);

/* dg_fpu is a convolution: its shape, in elements. Pixels from `from` to `to` have their whole window inside the row; a tap has `inner` weights a
 * channel, and taps next to each other are one segment where `joined`. one, two and rest compute blocks of a pixel, of two, and what is left over. */
typedef struct {
    dg_fpu_function *one, *two, *rest;
    int32_t iw, ic, ow, oc, kh, kw, sw, dw, pl, from, to, inner, joined, act;
} dg_fpu;

#if !defined(__ARM_FP)
#error "this was compiled by deepgo for a processor with an FPU: give the C compiler -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard or the like, or compile the model for another --target"
#endif
/* How functions begin and end. r0 segments, r1 block, r2 output, r3 tile; r4 end, r5 blocks left, r6 step, r7 stride, r8 size, r9 offset. */
#define DG_FPU_ENTER "vpush {s16-s31}\n push {r0, r4-r11, lr}\n ldmia r3, {r4-r9}\n"
#define DG_FPU_LEAVE "add r1, r1, r8\n subs r5, r5, #1\n bne 1b\n pop {r0, r4-r11, lr}\n vpop {s16-s31}\n bx lr\n"
#define DG_FPU_STACK 104 /* bytes that functions made of these take */

/* Products of eight inputs or one with eight weights, by way of s28 to s31. */
#define DG_FPU_MUL4(a0, a1, a2, a3, x, w0, w1, w2, w3) \
    "vmul.f32 s28, " x ", " w0 "\n vmul.f32 s29, " x ", " w1 "\n vmul.f32 s30, " x ", " w2 "\n vmul.f32 s31, " x ", " w3 "\n" \
    "vadd.f32 " a0 ", " a0 ", s28\n vadd.f32 " a1 ", " a1 ", s29\n vadd.f32 " a2 ", " a2 ", s30\n vadd.f32 " a3 ", " a3 ", s31\n"
#define DG_FPU_LOW8(x, w0, w1, w2, w3, w4, w5, w6, w7) \
    DG_FPU_MUL4("s0", "s1", "s2", "s3", x, w0, w1, w2, w3) DG_FPU_MUL4("s4", "s5", "s6", "s7", x, w4, w5, w6, w7)
#define DG_FPU_HIGH8(x, w0, w1, w2, w3, w4, w5, w6, w7) \
    DG_FPU_MUL4("s8", "s9", "s10", "s11", x, w0, w1, w2, w3) DG_FPU_MUL4("s12", "s13", "s14", "s15", x, w4, w5, w6, w7)
#define DG_FPU_LOW(x, weights) DG_FPU_LOW8(x, weights)
#define DG_FPU_HIGH(x, weights) DG_FPU_HIGH8(x, weights)
#define DG_FPU_W8 "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15"
#define DG_FPU_W16 "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23"
#define DG_FPU_W20 "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27"

/* The bounds of the results, in order. A NaN stays what it is. */
#define DG_FPU_CLAMP(results, bound, condition) \
    ".irp i, " results "\n vcmp.f32 s\\i, " bound "\n vmrs APSR_nzcv, fpscr\n it " condition "\n vmov" condition ".f32 s\\i, " bound "\n .endr\n"
#define DG_FPU_ACT(results) \
    "ldr lr, [r3, #24]\n cmp lr, #0\n beq 8f\n vldr s16, [r3, #28]\n vldr s17, [r3, #32]\n" DG_FPU_CLAMP(results, "s16", "mi") \
    "cmp lr, #1\n beq 8f\n" DG_FPU_CLAMP(results, "s17", "gt") "8:\n"

/* dg_fpu_two computes the blocks of two pixels of a convolution: s0 to s7 and s8 to s15. s16 to s19 are inputs, s20 to s27 weights. */
DG_ALONE void dg_fpu_two(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                         const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_FPU_ENTER "1: vldmia r1, {s0-s7}\n vldmia r1, {s8-s15}\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r11, r10, r6\n add r12, r12, r1\n lsrs lr, lr, #1\n bcc 3f\n"
            "vldmia r10!, {s16}\n vldmia r11!, {s18}\n vldmia r12!, {s20-s27}\n" DG_FPU_LOW("s16", DG_FPU_W20) DG_FPU_HIGH("s18", DG_FPU_W20)
            "3: beq 5f\n" /* no more than one input */
            "4: vldmia r10!, {s16-s17}\n vldmia r11!, {s18-s19}\n"
            "vldmia r12!, {s20-s27}\n" DG_FPU_LOW("s16", DG_FPU_W20) DG_FPU_HIGH("s18", DG_FPU_W20)
            "vldmia r12!, {s20-s27}\n" DG_FPU_LOW("s17", DG_FPU_W20) DG_FPU_HIGH("s19", DG_FPU_W20)
            "subs lr, lr, #1\n bne 4b\n"
            "5: cmp r0, r4\n bne 2b\n" DG_FPU_ACT("0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15")
            "add lr, r2, r7\n vstmia lr, {s8-s15}\n vstmia r2!, {s0-s7}\n" DG_FPU_LEAVE);
}

/* dg_fpu_one computes the blocks of a pixel of a convolution, or of a fully connected layer: s0 to s7. s8 to s23 are weights, s24 to s27 inputs. */
DG_ALONE void dg_fpu_one(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                         const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_FPU_ENTER "1: ldr lr, [r3, #36]\n cmp lr, #0\n ite eq\n vldmiaeq r1, {s0-s7}\n vldmiane r2, {s0-s7}\n ldr r0, [sp]\n b 7f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r12, r12, r1\n ands r11, lr, #3\n beq 4f\n"
            "3: vldmia r10!, {s24}\n vldmia r12!, {s8-s15}\n" DG_FPU_LOW("s24", DG_FPU_W8) "subs r11, r11, #1\n bne 3b\n"
            "4: lsrs lr, lr, #2\n beq 7f\n"
            "5: vldmia r10!, {s24-s27}\n vldmia r12!, {s8-s23}\n"
            DG_FPU_LOW("s24", DG_FPU_W8) DG_FPU_LOW("s25", DG_FPU_W16)
            "vldmia r12!, {s8-s23}\n"
            DG_FPU_LOW("s26", DG_FPU_W8) DG_FPU_LOW("s27", DG_FPU_W16)
            "subs lr, lr, #1\n bne 5b\n"
            "7: cmp r0, r4\n bne 2b\n" DG_FPU_ACT("0, 1, 2, 3, 4, 5, 6, 7")
            "vstmia r2!, {s0-s7}\n" DG_FPU_LEAVE);
}

/* Products of four channels' inputs with their weights, added to sums. */
#define DG_FPU_EACH4(a0, a1, a2, a3, x0, x1, x2, x3, w0, w1, w2, w3) \
    "vmul.f32 " x0 ", " x0 ", " w0 "\n vmul.f32 " x1 ", " x1 ", " w1 "\n vmul.f32 " x2 ", " x2 ", " w2 "\n vmul.f32 " x3 ", " x3 ", " w3 "\n" \
    "vadd.f32 " a0 ", " a0 ", " x0 "\n vadd.f32 " a1 ", " a1 ", " x1 "\n vadd.f32 " a2 ", " a2 ", " x2 "\n vadd.f32 " a3 ", " a3 ", " x3 "\n"
#define DG_FPU_EACH(a0, a1, a2, a3, a4, a5, a6, a7) \
    DG_FPU_EACH4(a0, a1, a2, a3, "s16", "s17", "s18", "s19", "s24", "s25", "s26", "s27") \
    DG_FPU_EACH4(a4, a5, a6, a7, "s20", "s21", "s22", "s23", "s28", "s29", "s30", "s31")

/* dg_fpu_each_two computes the blocks of two pixels of a depthwise convolution: s0 to s7 and s8 to s15. s16 to s23 are inputs, s24 to s31 weights. */
DG_ALONE void dg_fpu_each_two(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                              const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_FPU_ENTER "1: vldmia r1, {s0-s7}\n vldmia r1, {s8-s15}\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r12, r12, r1\n add r11, r10, r6\n"
            "vldmia r10, {s16-s23}\n vldmia r12, {s24-s31}\n" DG_FPU_EACH("s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7")
            "vldmia r11, {s16-s23}\n" DG_FPU_EACH("s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15")
            "5: cmp r0, r4\n bne 2b\n" DG_FPU_ACT("0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15")
            "add lr, r2, r7\n vstmia lr, {s8-s15}\n vstmia r2!, {s0-s7}\n adds r9, r9, #32\n" DG_FPU_LEAVE);
}

/* dg_fpu_each_one computes the blocks of a pixel of a depthwise convolution. */
DG_ALONE void dg_fpu_each_one(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                              const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_FPU_ENTER "1: vldmia r1, {s0-s7}\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r12, r12, r1\n"
            "vldmia r10, {s16-s23}\n vldmia r12, {s24-s31}\n" DG_FPU_EACH("s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7")
            "5: cmp r0, r4\n bne 2b\n" DG_FPU_ACT("0, 1, 2, 3, 4, 5, 6, 7")
            "vstmia r2!, {s0-s7}\n adds r9, r9, #32\n" DG_FPU_LEAVE);
}

/* dg_fpu_bound keeps a result within the bounds. */
DG_INLINE float dg_fpu_bound(float v, const dg_fpu_tile *t)
{
    v = t->act > 0 && v < t->low ? t->low : v;
    return t->act > 1 && v > t->high ? t->high : v;
}

/* dg_fpu_rest computes the channels that are no block of a convolution's pixel, or of a fully connected layer, four of them at once where there are. */
DG_INLINE void dg_fpu_rest(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t)
{
    const int32_t n = t->rest;
    for (int32_t c = 0, m; c < n; c += m) {
        const float *from = t->sums ? y + c : w + c;
        m = n - c < 4 ? 1 : 4;
        float a0 = from[0], a1 = 0, a2 = 0, a3 = 0;
        if (m == 4) {
            a1 = from[1];
            a2 = from[2];
            a3 = from[3];
        }
        for (const dg_fpu_segment *s = list; s != t->end; s++) {
            const float *p = (const float *)(const void *)((const uint8_t *)s->x + t->offset), *const end = p + s->n;
            const float *q = w + s->at / 32 * n + c;
            if (m == 4) {
                for (; p != end; p++, q += n) {
                    a0 += *p * q[0];
                    a1 += *p * q[1];
                    a2 += *p * q[2];
                    a3 += *p * q[3];
                }
            }
            for (; p != end; p++, q += n) {
                a0 += *p * *q;
            }
        }
        y[c] = dg_fpu_bound(a0, t);
        if (m == 4) {
            y[c + 1] = dg_fpu_bound(a1, t);
            y[c + 2] = dg_fpu_bound(a2, t);
            y[c + 3] = dg_fpu_bound(a3, t);
        }
    }
}

/* dg_fpu_each_rest computes the channels that are no block of a depthwise convolution's pixel. */
DG_INLINE void dg_fpu_each_rest(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu_tile *t)
{
    const int32_t n = t->rest;
    for (int32_t c = 0; c < n; c++) {
        float acc = w[c];
        for (const dg_fpu_segment *s = list; s != t->end; s++) {
            acc += ((const float *)(const void *)((const uint8_t *)s->x + t->offset))[8 * t->blocks + c] * w[s->at / 32 * n + c];
        }
        y[c] = dg_fpu_bound(acc, t);
    }
}

/* dg_fpu_list lists the segments of a pixel whose window begins at column ix, for taps kx0 to kx1 of the window's rows. It returns the list's end. */
DG_INLINE dg_fpu_segment *dg_fpu_list(dg_fpu_segment *list, const void *const *x, const dg_fpu *a, int32_t ix, int32_t kx0, int32_t kx1)
{
    for (int32_t ky = 0; ky < a->kh; ky++) {
        const float *row = (const float *)x[ky];
        const int32_t taps = a->joined ? kx1 - kx0 : 1;
        for (int32_t kx = kx0; row != NULL && kx < kx1; kx += taps, list++) {
            list->x = row + (ix + kx * a->dw) * a->ic;
            list->at = (1 + (ky * a->kw + kx) * a->inner) * 32;
            list->n = taps * a->inner;
        }
    }
    return list;
}

/* dg_fpu_pixels computes all channels of one pixel or two. */
DG_INLINE void dg_fpu_pixels(const dg_fpu_segment *list, const float *w, float *y, const dg_fpu *a, dg_fpu_tile *t, int32_t pixels)
{
    if (t->blocks > 0) {
        (pixels == 2 ? a->two : a->one)(list, w, y, t);
    }
    if (t->rest > 0) {
        w += t->size / 4 * t->blocks;
        y += 8 * t->blocks;
        a->rest(list, w, y, t);
        if (pixels == 2) {
            t->offset += t->step;
            a->rest(list, w, y + a->oc, t);
            t->offset -= t->step;
        }
    }
}

/* dg_fpu_edge computes pixels from ox to end, whose windows reach over an end of the row. */
DG_INLINE void dg_fpu_edge(const void *const *x, const float *w, float *y, dg_fpu_segment *list, const dg_fpu *a, dg_fpu_tile *t, int32_t ox, int32_t end)
{
    t->offset = 0;
    for (; ox < end; ox++) {
        const int32_t ix = ox * a->sw - a->pl;
        const int32_t kx0 = ix < 0 ? (-ix + a->dw - 1) / a->dw : 0;
        const int32_t kx1 = ix + (a->kw - 1) * a->dw < a->iw ? a->kw : (a->iw - ix + a->dw - 1) / a->dw;
        t->end = dg_fpu_list(list, x, a, ix, kx0, kx1);
        dg_fpu_pixels(list, w, y + ox * a->oc, a, t, 1);
    }
}

/* dg_fpu_row computes a row of a convolution, whose results are from low to high as far as `act` says. list has room for its segments. */
DG_INLINE void dg_fpu_row(const void *const *x, const float *w, float *y, dg_fpu_segment *list, const dg_fpu *a, float low, float high)
{
    const int32_t taps = a->kh * a->kw * a->inner;
    dg_fpu_tile t = { list, a->oc / 8, a->sw * a->ic * 4, a->oc * 4, (1 + taps) * 32, 0, a->act, low, high, 0, a->oc % 8 };
    dg_fpu_edge(x, w, y, list, a, &t, 0, a->from);
    if (a->from < a->to) {
        t.end = dg_fpu_list(list, x, a, a->from * a->sw - a->pl, 0, a->kw);
    }
    t.offset = 0;
    for (int32_t ox = a->from, pixels; ox < a->to; ox += pixels, t.offset += pixels * t.step) {
        pixels = t.blocks > 0 && ox + 1 < a->to ? 2 : 1;
        dg_fpu_pixels(list, w, y + ox * a->oc, a, &t, pixels);
    }
    dg_fpu_edge(x, w, y, list, a, &t, a->to, a->ow);
}

#endif
