/* dg_quads.h: products of pixels with the weights of four output channels, a quad, at a time, by the DSP instructions of Armv7E-M and
 * Armv8-M. In assembly, since eight sums in registers leave GCC none to work with.
 *
 * Inputs are pairs of 16-bit values. Of four inputs k ... k+3 the pair (k, k+2) comes first, then (k+1, k+3); of two pixels, each pair of
 * the first pixel before that of the second. Weights come as words of two pairs, one for each of two channels a and b: each half is
 * 256 * b + a. The product with a word is then 256 times the sum of b plus that of a, and the sum of a is the product with the lower
 * bytes, which take one SXTB16 for both channels.
 *
 * A quad's words are: what its four sums begin with, 256 * b + a and a for channels 0 and 1, then for 2 and 3; the weights, for each
 * pair of inputs a word for channels 0 and 1 and one for 2 and 3; four multipliers; four shifts, a byte each. */
#ifndef DG_QUADS_H
#define DG_QUADS_H

#include "dg_dsp.h"

/* dg_quads says what to compute: `fours` times four inputs, for `channels`; `stride` bytes from a pixel of the output to the next, or from
 * a channel to the next in planes; `zero` 2 * zero point + 1; `low` and `high` the bounds of the result in each byte. */
typedef struct {
    int32_t fours, channels, stride, zero;
    uint32_t low, high;
} dg_quads;

/* Two pixels, two pairs of inputs: r0 inputs, r1 weights, r4-r7 the sums of pixel 0, r8-r11 those of pixel 1. */
#define DG_QUAD_PAIR \
    "ldr r2, [r1], #4\n ldr r3, [r1], #4\n ldr r12, [r0], #4\n ldr lr, [r0], #4\n" \
    "smlad r4, r12, r2, r4\n smlad r8, lr, r2, r8\n sxtb16 r2, r2\n smlad r5, r12, r2, r5\n smlad r9, lr, r2, r9\n" \
    "smlad r6, r12, r3, r6\n smlad r10, lr, r3, r10\n sxtb16 r3, r3\n smlad r7, r12, r3, r7\n smlad r11, lr, r3, r11\n"
#define DG_QUAD_FOUR ".rept 2\n" DG_QUAD_PAIR ".endr\n" /* 112 bytes */
/* One pixel, two pairs of inputs. */
#define DG_QUAD_ONE \
    "ldr r2, [r1], #4\n ldr r3, [r1], #4\n ldr r8, [r1], #4\n ldr r9, [r1], #4\n ldr r12, [r0], #4\n ldr lr, [r0], #4\n" \
    "smlad r4, r12, r2, r4\n sxtb16 r2, r2\n smlad r5, r12, r2, r5\n smlad r6, r12, r3, r6\n sxtb16 r3, r3\n smlad r7, r12, r3, r7\n" \
    "smlad r4, lr, r8, r4\n sxtb16 r8, r8\n smlad r5, lr, r8, r5\n smlad r6, lr, r9, r6\n sxtb16 r9, r9\n smlad r7, lr, r9, r7\n" /* 72 bytes */

/* One pixel, four inputs as bytes, which extend widens. */
#define DG_QUAD_DENSE(extend) \
    "ldr r2, [r0], #4\n ldr r3, [r1], #4\n ldr r8, [r1], #4\n ldr r9, [r1], #4\n ldr r10, [r1], #4\n " extend " r12, r2\n " extend " lr, r2, ror #8\n" \
    "smlad r4, r12, r3, r4\n sxtb16 r3, r3\n smlad r5, r12, r3, r5\n smlad r6, r12, r8, r6\n sxtb16 r8, r8\n smlad r7, r12, r8, r7\n" \
    "smlad r4, lr, r9, r4\n sxtb16 r9, r9\n smlad r5, lr, r9, r5\n smlad r6, lr, r10, r6\n sxtb16 r10, r10\n smlad r7, lr, r10, r7\n" /* 76 bytes */

/* The loop over the inputs, four at a time as often as the stack says: where to begin at [sp], the end at [sp, #4]. A step is written out
 * so many times. */
#define DG_QUAD_LOOP(times, step) "ldr r2, [sp]\n bx r2\n .balign 4\n 2:\n .rept " times "\n" step ".endr\n ldr r2, [sp, #4]\n cmp r0, r2\n bne 2b\n"
/* What a function begins with: r2 is the number of times, r0 the inputs; mask is the number of steps less one, then bytes of a step's code
 * and of its inputs. It leaves where to begin in r5, and the end in r6. */
#define DG_QUAD_START(mask, code, data) \
    "rsb r5, r2, #0\n and r5, r5, #" mask "\n movs r6, #" code "\n mul r5, r5, r6\n adr r6, 2f\n add r5, r5, r6\n adds r5, r5, #1\n" \
    "movs r6, #" data "\n mla r6, r2, r6, r0\n"

/* Requantizing: r12 is `zero`, r2 the shift less one, r1 past the weights. Twice the result comes by rounding the upper word. */
#define DG_QUAD_SCALE(at) "ldr r0, [r1, #" at "]\n lsl r3, r12, r2\n"
#define DG_QUAD_ROUND(s, saturate) "smmla " s ", " s ", r0, r3\n asr " s ", " s ", r2\n " saturate " " s ", #8, " s ", asr #1\n"
#define DG_QUAD_BOUND(s, sub) sub " r2, " s ", r3\n sel " s ", " s ", r3\n " sub " r2, r12, " s "\n sel " s ", " s ", r12\n"

/* Two pixels for all channels. Stack: where the loop begins, where it ends, channels left, zero, stride; then r0 ... of the caller. Then r5, r4,
 * r7, r6 are the results of channels 0 to 3 of pixel 0, r9, r8, r11, r10 those of pixel 1. */
#define DG_QUADS2(name, saturate, finish) \
    DG_ALONE void name(const uint32_t *inputs __attribute__((unused)), const uint32_t *quads __attribute__((unused)), void *y __attribute__((unused)), \
                       const dg_quads *a __attribute__((unused))) \
    { \
        __asm__("push {r0-r11, lr}\n ldr r2, [r3]\n ldr r7, [r3, #4]\n ldr r8, [r3, #12]\n ldr r9, [r3, #8]\n" DG_QUAD_START("7", "112", "16") "push {r5-r9}\n" \
                "1: ldr r0, [sp, #20]\n ldr r4, [r1], #4\n ldr r5, [r1], #4\n ldr r6, [r1], #4\n ldr r7, [r1], #4\n" \
                "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n" DG_QUAD_LOOP("8", DG_QUAD_FOUR) \
                "ldr r12, [sp, #12]\n ldr lr, [r1, #16]\n subs r4, r4, r5\n sub r8, r8, r9\n subs r6, r6, r7\n sub r10, r10, r11\n" \
                "uxtb r2, lr\n" DG_QUAD_SCALE("0") DG_QUAD_ROUND("r5", saturate) DG_QUAD_ROUND("r9", saturate) \
                "ubfx r2, lr, #8, #8\n" DG_QUAD_SCALE("4") DG_QUAD_ROUND("r4", saturate) DG_QUAD_ROUND("r8", saturate) \
                "ubfx r2, lr, #16, #8\n" DG_QUAD_SCALE("8") DG_QUAD_ROUND("r7", saturate) DG_QUAD_ROUND("r11", saturate) \
                "lsrs r2, lr, #24\n" DG_QUAD_SCALE("12") DG_QUAD_ROUND("r6", saturate) DG_QUAD_ROUND("r10", saturate) \
                "adds r1, r1, #20\n" finish); \
    }

/* Results of a pixel next to each other, y + stride bytes for the next pixel; the last channels need not be four. */
#define DG_QUAD_JOIN(a, b, c, d) "bfi " a ", " b ", #8, #8\n bfi " a ", " c ", #16, #8\n bfi " a ", " d ", #24, #8\n"
#define DG_QUADS2_PIXELS(bounds) \
    DG_QUAD_JOIN("r5", "r4", "r7", "r6") DG_QUAD_JOIN("r9", "r8", "r11", "r10") "ldr r0, [sp, #28]\n ldr r4, [sp, #16]\n ldr r6, [sp, #8]\n" \
    bounds "subs r6, r6, #4\n blt 3f\n str r9, [r0, r4]\n str r5, [r0], #4\n str r0, [sp, #28]\n str r6, [sp, #8]\n bne 1b\n" \
    "4: add sp, sp, #36\n pop {r4-r11, pc}\n 3: add r4, r4, r0\n adds r6, r6, #4\n" \
    "5: strb r5, [r0], #1\n strb r9, [r4], #1\n lsrs r5, r5, #8\n lsr r9, r9, #8\n subs r6, r6, #1\n bne 5b\n b 4b\n"
/* Results of a channel next to each other, y + stride bytes for the next channel; channels come in fours. */
#define DG_QUADS2_PLANES(bound) \
    "bfi r5, r9, #8, #8\n bfi r4, r8, #8, #8\n bfi r7, r11, #8, #8\n bfi r6, r10, #8, #8\n ldr r0, [sp, #28]\n" \
    bound "ldr r2, [sp, #16]\n strh r5, [r0]\n adds r0, r0, r2\n strh r4, [r0]\n adds r0, r0, r2\n strh r7, [r0]\n adds r0, r0, r2\n strh r6, [r0]\n adds r0, r0, r2\n" \
    "ldr r6, [sp, #8]\n str r0, [sp, #28]\n subs r6, r6, #4\n str r6, [sp, #8]\n bne 1b\n add sp, sp, #36\n pop {r4-r11, pc}\n"
#define DG_QUADS2_BOUND(sub) "ldr r12, [sp, #32]\n ldr r3, [r12, #16]\n ldr r12, [r12, #20]\n" DG_QUAD_BOUND("r5", sub) DG_QUAD_BOUND("r9", sub)
#define DG_PLANES_BOUND(sub) \
    "ldr r12, [sp, #32]\n ldr r3, [r12, #16]\n ldr r12, [r12, #20]\n" DG_QUAD_BOUND("r5", sub) DG_QUAD_BOUND("r4", sub) DG_QUAD_BOUND("r7", sub) DG_QUAD_BOUND("r6", sub)
#define DG_QUADS_STACK 72 /* bytes that the functions made of these take */

/* dg_quads2_s8 gives int8_t over the whole range, dg_quads2_s8_bound within bounds; those with u8 uint8_t; dg_planes2 planes. */
DG_QUADS2(dg_quads2_s8, "ssat", DG_QUADS2_PIXELS(""))

DG_QUADS2(dg_quads2_s8_bound, "ssat", DG_QUADS2_PIXELS(DG_QUADS2_BOUND("ssub8")))

DG_QUADS2(dg_quads2_u8, "usat", DG_QUADS2_PIXELS(""))

DG_QUADS2(dg_quads2_u8_bound, "usat", DG_QUADS2_PIXELS(DG_QUADS2_BOUND("usub8")))

DG_QUADS2(dg_planes2_s8, "ssat", DG_QUADS2_PLANES(""))

DG_QUADS2(dg_planes2_s8_bound, "ssat", DG_QUADS2_PLANES(DG_PLANES_BOUND("ssub8")))

DG_QUADS2(dg_planes2_u8, "usat", DG_QUADS2_PLANES(""))

DG_QUADS2(dg_planes2_u8_bound, "usat", DG_QUADS2_PLANES(DG_PLANES_BOUND("usub8")))

/* One pixel for all channels. code and data are the bytes of a step and of its inputs. */
#define DG_QUADS1(name, step, code, data, saturate, finish) \
    DG_ALONE void name(const uint32_t *inputs __attribute__((unused)), const uint32_t *quads __attribute__((unused)), void *y __attribute__((unused)), \
                       const dg_quads *a __attribute__((unused))) \
    { \
        __asm__("push {r0-r11, lr}\n ldr r2, [r3]\n ldr r7, [r3, #4]\n ldr r8, [r3, #12]\n ldr r9, [r3, #8]\n" DG_QUAD_START("3", code, data) "push {r5-r9}\n" \
                "1: ldr r0, [sp, #20]\n ldr r4, [r1], #4\n ldr r5, [r1], #4\n ldr r6, [r1], #4\n ldr r7, [r1], #4\n" DG_QUAD_LOOP("4", step) \
                "ldr r12, [sp, #12]\n ldr lr, [r1, #16]\n subs r4, r4, r5\n subs r6, r6, r7\n" \
                "uxtb r2, lr\n" DG_QUAD_SCALE("0") DG_QUAD_ROUND("r5", saturate) "ubfx r2, lr, #8, #8\n" DG_QUAD_SCALE("4") DG_QUAD_ROUND("r4", saturate) \
                "ubfx r2, lr, #16, #8\n" DG_QUAD_SCALE("8") DG_QUAD_ROUND("r7", saturate) "lsrs r2, lr, #24\n" DG_QUAD_SCALE("12") DG_QUAD_ROUND("r6", saturate) \
                "adds r1, r1, #20\n" finish); \
    }
#define DG_QUADS1_PIXELS(bounds) \
    DG_QUAD_JOIN("r5", "r4", "r7", "r6") "ldr r0, [sp, #28]\n ldr r4, [sp, #16]\n ldr r6, [sp, #8]\n" \
    bounds "subs r6, r6, #4\n blt 3f\n str r5, [r0], #4\n str r0, [sp, #28]\n str r6, [sp, #8]\n bne 1b\n" \
    "4: add sp, sp, #36\n pop {r4-r11, pc}\n 3: adds r6, r6, #4\n 5: strb r5, [r0], #1\n lsrs r5, r5, #8\n subs r6, r6, #1\n bne 5b\n b 4b\n"
#define DG_QUADS1_PLANES(bound) \
    "ldr r0, [sp, #28]\n" \
    bound "ldr r2, [sp, #16]\n strb r5, [r0]\n adds r0, r0, r2\n strb r4, [r0]\n adds r0, r0, r2\n strb r7, [r0]\n adds r0, r0, r2\n strb r6, [r0]\n adds r0, r0, r2\n" \
    "ldr r6, [sp, #8]\n str r0, [sp, #28]\n subs r6, r6, #4\n str r6, [sp, #8]\n bne 1b\n add sp, sp, #36\n pop {r4-r11, pc}\n"
#define DG_QUADS1_BOUND(sub) "ldr r12, [sp, #32]\n ldr r3, [r12, #16]\n ldr r12, [r12, #20]\n" DG_QUAD_BOUND("r5", sub)

/* dg_quads1 is dg_quads2 for one pixel, dg_planes1 dg_planes2. */
DG_QUADS1(dg_quads1_s8, DG_QUAD_ONE, "72", "8", "ssat", DG_QUADS1_PIXELS(""))

DG_QUADS1(dg_quads1_s8_bound, DG_QUAD_ONE, "72", "8", "ssat", DG_QUADS1_PIXELS(DG_QUADS1_BOUND("ssub8")))

DG_QUADS1(dg_quads1_u8, DG_QUAD_ONE, "72", "8", "usat", DG_QUADS1_PIXELS(""))

DG_QUADS1(dg_quads1_u8_bound, DG_QUAD_ONE, "72", "8", "usat", DG_QUADS1_PIXELS(DG_QUADS1_BOUND("usub8")))

DG_QUADS1(dg_planes1_s8, DG_QUAD_ONE, "72", "8", "ssat", DG_QUADS1_PLANES(""))

DG_QUADS1(dg_planes1_s8_bound, DG_QUAD_ONE, "72", "8", "ssat", DG_QUADS1_PLANES(DG_PLANES_BOUND("ssub8")))

DG_QUADS1(dg_planes1_u8, DG_QUAD_ONE, "72", "8", "usat", DG_QUADS1_PLANES(""))

DG_QUADS1(dg_planes1_u8_bound, DG_QUAD_ONE, "72", "8", "usat", DG_QUADS1_PLANES(DG_PLANES_BOUND("usub8")))

/* dg_dense is dg_quads1 for inputs of int8_t as they are, dg_denseu for uint8_t. */
DG_QUADS1(dg_dense_s8, DG_QUAD_DENSE("sxtb16"), "76", "4", "ssat", DG_QUADS1_PIXELS(""))

DG_QUADS1(dg_dense_s8_bound, DG_QUAD_DENSE("sxtb16"), "76", "4", "ssat", DG_QUADS1_PIXELS(DG_QUADS1_BOUND("ssub8")))

DG_QUADS1(dg_dense_u8, DG_QUAD_DENSE("sxtb16"), "76", "4", "usat", DG_QUADS1_PIXELS(""))

DG_QUADS1(dg_dense_u8_bound, DG_QUAD_DENSE("sxtb16"), "76", "4", "usat", DG_QUADS1_PIXELS(DG_QUADS1_BOUND("usub8")))

DG_QUADS1(dg_denseu_s8, DG_QUAD_DENSE("uxtb16"), "76", "4", "ssat", DG_QUADS1_PIXELS(""))

DG_QUADS1(dg_denseu_s8_bound, DG_QUAD_DENSE("uxtb16"), "76", "4", "ssat", DG_QUADS1_PIXELS(DG_QUADS1_BOUND("ssub8")))

DG_QUADS1(dg_denseu_u8, DG_QUAD_DENSE("uxtb16"), "76", "4", "usat", DG_QUADS1_PIXELS(""))

DG_QUADS1(dg_denseu_u8_bound, DG_QUAD_DENSE("uxtb16"), "76", "4", "usat", DG_QUADS1_PIXELS(DG_QUADS1_BOUND("usub8")))

/* Sums of one pixel for one quad, added to what is in sums: 4 * n inputs, at most 256 of them, so that no sum is over 23 bits with inputs
 * of 9. weights points behind what the sums begin with. */
#define DG_QUAD_SUMS(name, step, code, data) \
    DG_ALONE void name(const void *inputs __attribute__((unused)), const uint32_t *weights __attribute__((unused)), int32_t n __attribute__((unused)), \
                       int32_t *sums __attribute__((unused))) \
    { \
        __asm__("push {r3-r11, lr}\n" DG_QUAD_START("3", code, data) "push {r5, r6}\n movs r4, #0\n movs r5, #0\n movs r6, #0\n movs r7, #0\n" DG_QUAD_LOOP("4", step) \
                "ldr r0, [sp, #8]\n subs r4, r4, r5\n subs r6, r6, r7\n ldr r1, [r0]\n ldr r2, [r0, #4]\n ldr r3, [r0, #8]\n ldr r12, [r0, #12]\n" \
                "adds r1, r1, r5\n add r2, r2, r4, asr #8\n adds r3, r3, r7\n add r12, r12, r6, asr #8\n" \
                "str r1, [r0]\n str r2, [r0, #4]\n str r3, [r0, #8]\n str r12, [r0, #12]\n add sp, sp, #12\n pop {r4-r11, pc}\n"); \
    }

DG_QUAD_SUMS(dg_quad_sums, DG_QUAD_ONE, "72", "8")

/* The same of inputs as they are, int8_t or uint8_t. */
DG_QUAD_SUMS(dg_dense_sums, DG_QUAD_DENSE("sxtb16"), "76", "4")

DG_QUAD_SUMS(dg_denseu_sums, DG_QUAD_DENSE("uxtb16"), "76", "4")

/* dg_widen2 writes n bytes, a multiple of 4, of two pixels as pairs. It returns the end. */
#define DG_WIDEN2(ext, v, u) \
    ext " %[e], %[" v "]\n " ext " %[f], %[" u "]\n " ext " %[" v "], %[" v "], ror #8\n " ext " %[" u "], %[" u "], ror #8\n" \
    "str %[e], [%[to]], #4\n str %[f], [%[to]], #4\n str %[" v "], [%[to]], #4\n str %[" u "], [%[to]], #4\n"
#define DG_WIDEN2_ALL(ext) \
    "cmp %[n], #8\n blt 2f\n" \
    "1: ldr %[a], [%[p]], #4\n ldr %[b], [%[q]], #4\n ldr %[c], [%[p]], #4\n ldr %[d], [%[q]], #4\n subs %[n], %[n], #8\n cmp %[n], #8\n" \
    DG_WIDEN2(ext, "a", "b") DG_WIDEN2(ext, "c", "d") "bge 1b\n 2: cmp %[n], #0\n beq 3f\n" \
    "ldr %[a], [%[p]], #4\n ldr %[b], [%[q]], #4\n" DG_WIDEN2(ext, "a", "b") "3:\n"
DG_INLINE uint32_t *dg_widen2(uint32_t *to, const void *p, const void *q, int32_t n, int is_unsigned)
{
    uint32_t a, b, c, d, e, f;
    if (is_unsigned) {
        __asm__ volatile(DG_WIDEN2_ALL("uxtb16")
                         : [to] "+r"(to), [p] "+r"(p), [q] "+r"(q), [n] "+r"(n), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e), [f] "=&r"(f)
                         :
                         : "cc", "memory");
    } else {
        __asm__ volatile(DG_WIDEN2_ALL("sxtb16")
                         : [to] "+r"(to), [p] "+r"(p), [q] "+r"(q), [n] "+r"(n), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e), [f] "=&r"(f)
                         :
                         : "cc", "memory");
    }
    return to;
}

/* dg_widen is dg_widen2 for one pixel, whose pairs go `step` words apart. */
DG_INLINE uint32_t *dg_widen(uint32_t *to, const void *p, int32_t n, int32_t step, int is_unsigned)
{
    const uint8_t *a = (const uint8_t *)p;
    for (int32_t k = 0; k < n; k += 4, to += 2 * step) {
        const uint32_t v = dg_load4(a + k);
        to[0] = is_unsigned ? dg_weven_u(v) : dg_weven(v);
        to[step] = is_unsigned ? dg_wodd_u(v) : dg_wodd(v);
    }
    return to;
}

#endif
