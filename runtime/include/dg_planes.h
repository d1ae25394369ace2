/* dg_planes.h: depthwise convolution of planes with three by three taps, by the DSP instructions of Armv7E-M and Armv8-M, in assembly.
 *
 * Of the bytes p ... p+3 of a plane SXTB16 makes the pairs (p, p+2) and (p+1, p+3); the weights of a row of taps are the pairs (0, 2) and
 * (1, -). A pixel is the products of both. With a stride of 1 the second pair of pixel p is the first of pixel p+1. */
#ifndef DG_PLANES_H
#define DG_PLANES_H

#include "dg_dsp.h"
#include "dg_quads.h"

/* dg_planes is what three rows are read from: the planes of the first channel, and bytes to those of the next one; and what is written:
 * `pixels`, `stride` bytes apart, of `channels` next to each other. */
typedef struct {
    const void *plane[3];
    int32_t next[3], pixels, stride, channels;
} dg_planes;

/* Stack: 0 the weights of three rows, two words each; 24 bias, multiplier, shift, rounding; 40 pixels left; then r0 ... of the caller.
 * r0-r2 planes, r3 output, r4-r7 sums. A row adds to four sums, or to two. */
#define DG_PLANE_WEIGHTS(at, next) "ldr r12, [sp, #" at "]\n ldr lr, [sp, #" next "]\n"
#define DG_PLANE_PAIRS(ext, from, odd) ext " " odd ", " from ", ror #8\n " ext " " from ", " from "\n"
#define DG_PLANE_FOUR1(p, at, next, ext) \
    "ldr r10, [" p ", #2]\n ldr r8, [" p "], #4\n" DG_PLANE_WEIGHTS(at, next) DG_PLANE_PAIRS(ext, "r8", "r9") DG_PLANE_PAIRS(ext, "r10", "r11") \
    "smlad r4, r8, r12, r4\n smlad r5, r9, r12, r5\n smlad r6, r10, r12, r6\n smlad r7, r11, r12, r7\n" \
    "smlad r4, r9, lr, r4\n smlad r5, r10, lr, r5\n smlad r6, r11, lr, r6\n smlatb r7, r10, lr, r7\n"
#define DG_PLANE_TWO1(p, at, next, ext) \
    "ldr r8, [" p "], #2\n" DG_PLANE_WEIGHTS(at, next) DG_PLANE_PAIRS(ext, "r8", "r9") \
    "smlad r4, r8, r12, r4\n smlad r5, r9, r12, r5\n smlad r4, r9, lr, r4\n smlatb r5, r8, lr, r5\n"
#define DG_PLANE_TWO2(p, at, next, ext) \
    "ldr r8, [" p "], #2\n ldr r10, [" p "], #2\n" DG_PLANE_WEIGHTS(at, next) DG_PLANE_PAIRS(ext, "r8", "r9") DG_PLANE_PAIRS(ext, "r10", "r11") \
    "smlad r4, r8, r12, r4\n smlad r5, r10, r12, r5\n smlad r4, r9, lr, r4\n smlad r5, r11, lr, r5\n"
#define DG_PLANE_FOUR2(p, at, next, ext) \
    DG_PLANE_TWO2(p, at, next, ext) "ldr r8, [" p "], #2\n ldr r10, [" p "], #2\n" DG_PLANE_PAIRS(ext, "r8", "r9") DG_PLANE_PAIRS(ext, "r10", "r11") \
    "smlad r6, r8, r12, r6\n smlad r7, r10, r12, r7\n smlad r6, r9, lr, r6\n smlad r7, r11, lr, r7\n"
#define DG_PLANE_ROWS(step, ext) step("r0", "0", "4", ext) step("r1", "8", "12", ext) step("r2", "16", "20", ext)
#define DG_PLANE_ROUND(s, saturate) "smmla " s ", " s ", r8, r10\n asr " s ", " s ", r9\n " saturate " " s ", #8, " s ", asr #1\n"

/* dg_planes3 computes all pixels of all channels. w has for each channel bias, multiplier, shift, what is added for rounding and the zero
 * point, and three words of four weights. */
#define DG_PLANES3(name, four, two, ext, saturate) \
    DG_ALONE void name(dg_planes *a __attribute__((unused)), const uint32_t *w __attribute__((unused)), void *y __attribute__((unused))) \
    { \
        __asm__("push {r0-r2, r4-r11, lr}\n sub sp, sp, #44\n" \
                "1: ldr r12, [sp, #48]\n ldm r12!, {r4-r7}\n add r8, sp, #24\n stm r8, {r4-r7}\n ldm r12!, {r4-r6}\n str r12, [sp, #48]\n" \
                "sxtb16 r7, r4\n sxtb16 r8, r4, ror #8\n sxtb16 r9, r5\n sxtb16 r10, r5, ror #8\n sxtb16 r11, r6\n sxtb16 r12, r6, ror #8\n stm sp, {r7-r12}\n" \
                "ldr r4, [sp, #44]\n ldr r3, [sp, #52]\n ldr r5, [r4, #24]\n ldm r4, {r0-r2}\n adds r6, r3, #1\n str r6, [sp, #52]\n str r5, [sp, #40]\n" \
                "2: ldr r4, [sp, #24]\n mov r5, r4\n ldr r8, [sp, #40]\n cmp r8, #3\n blt 3f\n mov r6, r4\n mov r7, r4\n" \
                DG_PLANE_ROWS(four, ext) \
                "ldr r8, [sp, #28]\n ldr r9, [sp, #32]\n ldr r10, [sp, #36]\n ldr r12, [sp, #40]\n ldr r11, [sp, #44]\n ldr r11, [r11, #28]\n" \
                DG_PLANE_ROUND("r4", saturate) DG_PLANE_ROUND("r5", saturate) DG_PLANE_ROUND("r6", saturate) DG_PLANE_ROUND("r7", saturate) \
                "strb r4, [r3]\n strb r5, [r3, r11]\n strb r6, [r3, r11, lsl #1]\n add r3, r3, r11, lsl #1\n subs r12, r12, #4\n blt 4f\n" \
                "strb r7, [r3, r11]\n add r3, r3, r11, lsl #1\n str r12, [sp, #40]\n bgt 2b\n b 4f\n" \
                "3: \n" DG_PLANE_ROWS(two, ext) \
                "ldr r8, [sp, #28]\n ldr r9, [sp, #32]\n ldr r10, [sp, #36]\n ldr r12, [sp, #40]\n ldr r11, [sp, #44]\n ldr r11, [r11, #28]\n" \
                DG_PLANE_ROUND("r4", saturate) DG_PLANE_ROUND("r5", saturate) "strb r4, [r3]\n cmp r12, #2\n blt 4f\n strb r5, [r3, r11]\n" \
                "4: ldr r4, [sp, #44]\n ldm r4, {r0-r2, r5-r7}\n adds r0, r0, r5\n adds r1, r1, r6\n adds r2, r2, r7\n stm r4, {r0-r2}\n" \
                "ldr r5, [r4, #32]\n subs r5, r5, #1\n str r5, [r4, #32]\n bne 1b\n add sp, sp, #56\n pop {r4-r11, pc}\n"); \
    }
#define DG_PLANES_STACK 92 /* bytes that they take */

/* dg_planes3_1 is for a stride of 1, dg_planes3_2 for 2; s and u tell int8_t from uint8_t, the input's first. */
DG_PLANES3(dg_planes3_1ss, DG_PLANE_FOUR1, DG_PLANE_TWO1, "sxtb16", "ssat")

DG_PLANES3(dg_planes3_1su, DG_PLANE_FOUR1, DG_PLANE_TWO1, "sxtb16", "usat")

DG_PLANES3(dg_planes3_1us, DG_PLANE_FOUR1, DG_PLANE_TWO1, "uxtb16", "ssat")

DG_PLANES3(dg_planes3_1uu, DG_PLANE_FOUR1, DG_PLANE_TWO1, "uxtb16", "usat")

DG_PLANES3(dg_planes3_2ss, DG_PLANE_FOUR2, DG_PLANE_TWO2, "sxtb16", "ssat")

DG_PLANES3(dg_planes3_2su, DG_PLANE_FOUR2, DG_PLANE_TWO2, "sxtb16", "usat")

DG_PLANES3(dg_planes3_2us, DG_PLANE_FOUR2, DG_PLANE_TWO2, "uxtb16", "ssat")

DG_PLANES3(dg_planes3_2uu, DG_PLANE_FOUR2, DG_PLANE_TWO2, "uxtb16", "usat")

#endif
