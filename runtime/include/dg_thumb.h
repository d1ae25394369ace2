/* dg_thumb.h: products of pixels with weights in Thumb-2 without DSP instructions, in assembly, since as many sums in registers leave GCC none to
 * work with. Weights and parameters are those of the kernels for fours; all results are rounded by the upper word. */
#ifndef DG_THUMB_H
#define DG_THUMB_H

#include "dg_fours.h"

/* One input: r0 input, r1 weights, r4-r7 sums of pixel 0, r8-r11 of pixel 1, lr inputs between them. 56 bytes. */
#define DG_STEP2_CHANNEL(a, b) "ldrsb.w r12, [r1], #1\n mla " a ", r2, r12, " a "\n mla " b ", r3, r12, " b "\n"
#define DG_STEP2(load) \
    load ".w r3, [r0, lr]\n " load ".w r2, [r0], #1\n" DG_STEP2_CHANNEL("r4", "r8") DG_STEP2_CHANNEL("r5", "r9") DG_STEP2_CHANNEL("r6", "r10") DG_STEP2_CHANNEL("r7", "r11")
/* The same for one pixel, r4-r7 the sums of four channels, whose weights are r1, and r8-r11 of the next four, whose weights are lr. 68 bytes. */
#define DG_STEP1_CHANNEL(a, b) "ldrsb.w r3, [r1], #1\n ldrsb.w r12, [lr], #1\n mla " a ", r2, r3, " a "\n mla " b ", r2, r12, " b "\n"
#define DG_STEP1(load) load ".w r2, [r0], #1\n" DG_STEP1_CHANNEL("r4", "r8") DG_STEP1_CHANNEL("r5", "r9") DG_STEP1_CHANNEL("r6", "r10") DG_STEP1_CHANNEL("r7", "r11")

/* Stack: 0 where in the loop runs begin, 4 the end of the run, 8 channels left, 12 runs left, 16 the runs left, 20 parameters; then runs, y, a, all of
 * the caller. A step is `code` bytes. */
#define DG_FOURS_BEGIN(code) \
    "push {r0-r2, r4-r11, lr}\n sub sp, sp, #24\n ldr r1, [r2, #40]\n ldr r4, [r2, #44]\n ldr r5, [r2, #0]\n ldr r6, [r2, #8]\n" \
    "rsb r5, r5, #0\n and r5, r5, #7\n movs r7, #" code "\n mul r5, r5, r7\n adr r7, 2f\n add r5, r5, r7\n adds r5, r5, #1\n str r5, [sp]\n str r6, [sp, #8]\n str r4, [sp, #20]\n"
#define DG_FOURS_RUNS(step, other) \
    "ldr r2, [sp, #24]\n ldr r3, [sp, #32]\n ldr r12, [r3, #4]\n str r12, [sp, #12]\n" \
    "6: ldr r0, [r2], #4\n str r2, [sp, #16]\n ldr r12, [r3, #0]\n add r12, r12, r0\n str r12, [sp, #4]\n" other "ldr r12, [sp]\n bx r12\n .balign 4\n" \
    "2: .rept 8\n" step ".endr\n ldr r12, [sp, #4]\n cmp r0, r12\n bne 2b\n" \
    "ldr r12, [sp, #12]\n subs r12, r12, #1\n str r12, [sp, #12]\n itt ne\n ldrne r2, [sp, #16]\n ldrne r3, [sp, #32]\n bne 6b\n" \
    "ldr r2, [sp, #32]\n ldr r3, [r2, #24]\n ldr r0, [sp, #20]\n"
/* r0 parameters, r3 `zero`: twice the result comes by rounding the upper word. */
#define DG_FOURS_SCALE(m, s) "ldr r2, [r0, #" m "]\n ldrb r12, [r0, #" s "]\n"
#define DG_FOURS_ROUND(a, saturate) "smull lr, " a ", " a ", r2\n asr " a ", " a ", r12\n add " a ", " a ", r3\n " saturate " " a ", #8, " a ", asr #1\n"
#define DG_FOURS_STORE2(a, b) "strb " a ", [r0]\n strb " b ", [r0, r3]\n"

/* Two pixels for all channels. */
#define DG_FOURS2(name, load, saturate) \
    DG_ALONE void name(const void *const *runs __attribute__((unused)), void *y __attribute__((unused)), const dg_fours *a __attribute__((unused))) \
    { \
        __asm__(DG_FOURS_BEGIN("56") "1: ldr r0, [sp, #20]\n ldm r0, {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n ldr r3, [sp, #32]\n ldr lr, [r3, #12]\n" \
                DG_FOURS_RUNS(DG_STEP2(load), "") \
                DG_FOURS_SCALE("16", "32") DG_FOURS_ROUND("r4", saturate) DG_FOURS_ROUND("r8", saturate) \
                DG_FOURS_SCALE("20", "33") DG_FOURS_ROUND("r5", saturate) DG_FOURS_ROUND("r9", saturate) \
                DG_FOURS_SCALE("24", "34") DG_FOURS_ROUND("r6", saturate) DG_FOURS_ROUND("r10", saturate) \
                DG_FOURS_SCALE("28", "35") DG_FOURS_ROUND("r7", saturate) DG_FOURS_ROUND("r11", saturate) \
                "adds r0, r0, #36\n str r0, [sp, #20]\n ldr r2, [sp, #32]\n ldr r3, [r2, #16]\n ldr r12, [r2, #20]\n ldr r0, [sp, #28]\n ldr lr, [sp, #8]\n" \
                "subs lr, lr, #4\n str lr, [sp, #8]\n blt 3f\n" DG_FOURS_STORE2("r4", "r8") "add r0, r0, r12\n" DG_FOURS_STORE2("r5", "r9") "add r0, r0, r12\n" \
                DG_FOURS_STORE2("r6", "r10") "add r0, r0, r12\n" DG_FOURS_STORE2("r7", "r11") "add r0, r0, r12\n str r0, [sp, #28]\n bne 1b\n b 4f\n" \
                "3: " DG_FOURS_STORE2("r4", "r8") "cmn lr, #3\n beq 4f\n add r0, r0, r12\n" DG_FOURS_STORE2("r5", "r9") "cmn lr, #2\n beq 4f\n add r0, r0, r12\n" \
                DG_FOURS_STORE2("r6", "r10") "4: add sp, sp, #36\n pop {r4-r11, pc}\n"); \
    }

/* dg_fours2_ss is for inputs and outputs of int8_t; u stands for uint8_t, the input's first. */
DG_FOURS2(dg_fours2_ss, "ldrsb", "ssat")

DG_FOURS2(dg_fours2_su, "ldrsb", "usat")

DG_FOURS2(dg_fours2_us, "ldrb", "ssat")

DG_FOURS2(dg_fours2_uu, "ldrb", "usat")

/* One pixel for as many eights of channels as `channels` has, the last of which may miss up to three. */
#define DG_FOURS1_STORE(a) "strb " a ", [r0]\n add r0, r0, r12\n"
#define DG_FOURS1(name, load, saturate) \
    DG_ALONE void name(const void *const *runs __attribute__((unused)), void *y __attribute__((unused)), const dg_fours *a __attribute__((unused))) \
    { \
        __asm__(DG_FOURS_BEGIN("68") "1: ldr r0, [sp, #20]\n ldr r3, [sp, #32]\n ldr lr, [r3, #36]\n add lr, lr, r1\n ldm r0, {r4-r7}\n adds r0, r0, #36\n ldm r0, {r8-r11}\n" \
                DG_FOURS_RUNS(DG_STEP1(load), "") "mov r1, lr\n" \
                DG_FOURS_SCALE("16", "32") DG_FOURS_ROUND("r4", saturate) DG_FOURS_SCALE("20", "33") DG_FOURS_ROUND("r5", saturate) \
                DG_FOURS_SCALE("24", "34") DG_FOURS_ROUND("r6", saturate) DG_FOURS_SCALE("28", "35") DG_FOURS_ROUND("r7", saturate) "adds r0, r0, #36\n" \
                DG_FOURS_SCALE("16", "32") DG_FOURS_ROUND("r8", saturate) DG_FOURS_SCALE("20", "33") DG_FOURS_ROUND("r9", saturate) \
                DG_FOURS_SCALE("24", "34") DG_FOURS_ROUND("r10", saturate) DG_FOURS_SCALE("28", "35") DG_FOURS_ROUND("r11", saturate) \
                "adds r0, r0, #36\n str r0, [sp, #20]\n ldr r2, [sp, #32]\n ldr r12, [r2, #20]\n ldr r0, [sp, #28]\n ldr r3, [sp, #8]\n" \
                DG_FOURS1_STORE("r4") DG_FOURS1_STORE("r5") DG_FOURS1_STORE("r6") DG_FOURS1_STORE("r7") DG_FOURS1_STORE("r8") "subs r3, r3, #8\n str r3, [sp, #8]\n blt 3f\n" \
                DG_FOURS1_STORE("r9") DG_FOURS1_STORE("r10") DG_FOURS1_STORE("r11") "str r0, [sp, #28]\n cmp r3, #4\n bgt 1b\n b 4f\n" \
                "3: adds r3, r3, #3\n beq 4f\n" DG_FOURS1_STORE("r9") "cmp r3, #1\n beq 4f\n strb r10, [r0]\n 4: add sp, sp, #36\n pop {r4-r11, pc}\n"); \
    }

/* dg_fours1 is dg_fours2 for one pixel. */
DG_FOURS1(dg_fours1_ss, "ldrsb", "ssat")

DG_FOURS1(dg_fours1_su, "ldrsb", "usat")

DG_FOURS1(dg_fours1_us, "ldrb", "ssat")

DG_FOURS1(dg_fours1_uu, "ldrb", "usat")

/* dg_pixel computes all channels of one pixel, with dg_fours1 and dg_fours2. */
typedef void dg_fours_call(const void *const *runs, void *y, const dg_fours *a);
DG_INLINE void dg_pixel(const void *const *runs, void *y, const dg_fours *a, dg_fours_call *one, dg_fours_call *two)
{
    const int32_t eights = a->channels % 8 == 0 || a->channels % 8 > 4 ? a->channels : a->channels / 8 * 8;
    if (eights > 0) {
        one(runs, y, a);
    }
    if (eights < a->channels) { /* the last four: the pixel twice */
        dg_fours b = *a;
        b.w += eights / 4 * b.bytes;
        b.p += eights / 4 * 9;
        b.channels -= eights;
        b.far = b.next_pixel = 0;
        two(runs, (uint8_t *)y + eights * a->next_channel, &b);
    }
}

/* dg_taps is what three rows of planes are read from: those of the first channel, and bytes to those of the next one; and what is written: `pixels`,
 * `stride` bytes apart, of `channels` next to each other. */
typedef struct {
    const void *plane[3];
    int32_t next[3], pixels, stride, channels;
} dg_taps;

/* Three taps of four pixels, or of two, SW inputs apart. r8-r10 weights, r4-r7 sums. */
#define DG_MLA(s, v, w) "mla " s ", " v ", " w ", " s "\n"
#define DG_TAP_WEIGHTS(at) "ldr r11, [sp, #4]\n ldrsb r8, [r11, #" at "]\n ldrsb r9, [r11, #" at " + 1]\n ldrsb r10, [r11, #" at " + 2]\n"
#define DG_TAP_FOUR1(p, at, load) \
    DG_TAP_WEIGHTS(at) load " r11, [" p "], #4\n" load " r12, [" p ", #-3]\n " load " lr, [" p ", #-2]\n" \
    DG_MLA("r4", "r11", "r8") DG_MLA("r4", "r12", "r9") DG_MLA("r5", "r12", "r8") DG_MLA("r4", "lr", "r10") DG_MLA("r5", "lr", "r9") DG_MLA("r6", "lr", "r8") \
    load " r11, [" p ", #-1]\n " load " r12, [" p "]\n " load " lr, [" p ", #1]\n" \
    DG_MLA("r5", "r11", "r10") DG_MLA("r6", "r11", "r9") DG_MLA("r7", "r11", "r8") DG_MLA("r6", "r12", "r10") DG_MLA("r7", "r12", "r9") DG_MLA("r7", "lr", "r10")
#define DG_TAP_TWO1(p, at, load) \
    DG_TAP_WEIGHTS(at) load " r11, [" p "], #2\n " load " r12, [" p ", #-1]\n " load " lr, [" p "]\n" \
    DG_MLA("r4", "r11", "r8") DG_MLA("r4", "r12", "r9") DG_MLA("r5", "r12", "r8") DG_MLA("r4", "lr", "r10") DG_MLA("r5", "lr", "r9") \
    load " r11, [" p ", #1]\n" DG_MLA("r5", "r11", "r10")
#define DG_TAP_TWO(p, load, a, b) \
    load " r11, [" p "], #4\n " load " r12, [" p ", #-3]\n " load " lr, [" p ", #-2]\n" \
    DG_MLA(a, "r11", "r8") DG_MLA(a, "r12", "r9") DG_MLA(a, "lr", "r10") DG_MLA(b, "lr", "r8") \
    load " r11, [" p ", #-1]\n " load " r12, [" p "]\n" DG_MLA(b, "r11", "r9") DG_MLA(b, "r12", "r10")
#define DG_TAP_TWO2(p, at, load) DG_TAP_WEIGHTS(at) DG_TAP_TWO(p, load, "r4", "r5")
#define DG_TAP_FOUR2(p, at, load) DG_TAP_WEIGHTS(at) DG_TAP_TWO(p, load, "r4", "r5") DG_TAP_TWO(p, load, "r6", "r7")
#define DG_TAP_ROWS(step, load) step("r0", "16", load) step("r1", "20", load) step("r2", "24", load)
#define DG_TAP_SCALE \
    "ldr r11, [sp, #4]\n ldr r8, [r11, #4]\n ldr r9, [r11, #8]\n ldr r10, [r11, #12]\n ldr r12, [sp]\n ldr r11, [sp, #8]\n ldr r11, [r11, #28]\n"
#define DG_TAP_ROUND(s, saturate) "smull lr, " s ", " s ", r8\n add " s ", " s ", r10\n asr " s ", " s ", r9\n " saturate " " s ", #8, " s ", asr #1\n"

/* dg_taps3 computes all pixels of all channels. w has for each channel bias, multiplier, shift, what is added for rounding and the zero
 * point, and three words of four weights. Stack: 0 pixels left, 4 w, 8 a, 12 y; r0-r2 planes, r3 output. */
#define DG_TAPS3(name, four, two, load, saturate) \
    DG_ALONE void name(const uint32_t *w __attribute__((unused)), dg_taps *a __attribute__((unused)), void *y __attribute__((unused))) \
    { \
        __asm__("push {r0-r2, r4-r11, lr}\n sub sp, sp, #4\n" \
                "1: ldr r4, [sp, #8]\n ldr r3, [sp, #12]\n ldr r5, [r4, #24]\n ldm r4, {r0-r2}\n adds r6, r3, #1\n str r6, [sp, #12]\n str r5, [sp]\n" \
                "2: ldr r11, [sp, #4]\n ldr r4, [r11]\n mov r5, r4\n ldr r8, [sp]\n cmp r8, #3\n blt 3f\n mov r6, r4\n mov r7, r4\n" \
                DG_TAP_ROWS(four, load) DG_TAP_SCALE \
                DG_TAP_ROUND("r4", saturate) DG_TAP_ROUND("r5", saturate) DG_TAP_ROUND("r6", saturate) DG_TAP_ROUND("r7", saturate) \
                "strb r4, [r3]\n strb r5, [r3, r11]\n strb r6, [r3, r11, lsl #1]\n add r3, r3, r11, lsl #1\n subs r12, r12, #4\n blt 4f\n" \
                "strb r7, [r3, r11]\n add r3, r3, r11, lsl #1\n str r12, [sp]\n bgt 2b\n b 4f\n" \
                "3: \n" DG_TAP_ROWS(two, load) DG_TAP_SCALE \
                DG_TAP_ROUND("r4", saturate) DG_TAP_ROUND("r5", saturate) "strb r4, [r3]\n cmp r12, #2\n blt 4f\n strb r5, [r3, r11]\n" \
                "4: ldr r4, [sp, #8]\n ldm r4, {r0-r2, r5-r7}\n adds r0, r0, r5\n adds r1, r1, r6\n adds r2, r2, r7\n stm r4, {r0-r2}\n" \
                "ldr r6, [sp, #4]\n adds r6, r6, #28\n str r6, [sp, #4]\n ldr r5, [r4, #32]\n subs r5, r5, #1\n str r5, [r4, #32]\n bne 1b\n add sp, sp, #16\n pop {r4-r11, pc}\n"); \
    }

/* dg_taps3_1 is for a stride of 1, dg_taps3_2 for 2; s and u tell int8_t from uint8_t, the input's first. */
DG_TAPS3(dg_taps3_1ss, DG_TAP_FOUR1, DG_TAP_TWO1, "ldrsb", "ssat")

DG_TAPS3(dg_taps3_1su, DG_TAP_FOUR1, DG_TAP_TWO1, "ldrsb", "usat")

DG_TAPS3(dg_taps3_1us, DG_TAP_FOUR1, DG_TAP_TWO1, "ldrb", "ssat")

DG_TAPS3(dg_taps3_1uu, DG_TAP_FOUR1, DG_TAP_TWO1, "ldrb", "usat")

DG_TAPS3(dg_taps3_2ss, DG_TAP_FOUR2, DG_TAP_TWO2, "ldrsb", "ssat")

DG_TAPS3(dg_taps3_2su, DG_TAP_FOUR2, DG_TAP_TWO2, "ldrsb", "usat")

DG_TAPS3(dg_taps3_2us, DG_TAP_FOUR2, DG_TAP_TWO2, "ldrb", "ssat")

DG_TAPS3(dg_taps3_2uu, DG_TAP_FOUR2, DG_TAP_TWO2, "ldrb", "usat")

#define DG_THUMB_STACK 72 /* bytes that any of these takes */

#endif
