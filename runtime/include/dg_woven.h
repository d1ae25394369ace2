/* dg_woven.h: depthwise convolution by the vectors of Armv8.1-M, in assembly.
 *
 * 16 products are summed at once where the 16 inputs of a channel are together. So inputs are woven: of four rows, or of four taps, 16 channels
 * each, the four bytes of a channel become a word; a vector of four such words, some bytes apart, has 16 inputs of one channel.
 *
 * A block's words are, for four channels: 16 weights of each, as often as there are vectors; what the sums begin with; multipliers; 32 less the
 * bits to shift by. */
#ifndef DG_WOVEN_H
#define DG_WOVEN_H

#include "dg_mve.h"

/* dg_weave says what to weave: four rows, bytes from one piece of 16 to the next in each, bytes in the first piece, and how many fewer there
 * are in each next one. */
typedef struct {
    const void *row[4];
    int32_t step[4], bytes, less;
} dg_weave;

/* dg_weave3 weaves so many pieces of three rows, dg_weave4 of four. */
#define DG_WEAVE(name, load) \
    DG_HELIUM void name(void *to __attribute__((unused)), const dg_weave *a __attribute__((unused)), int32_t pieces __attribute__((unused))) \
    { \
        __asm__("push {r4-r11, lr}\n ldm r1!, {r3-r6}\n ldm r1!, {r7-r10}\n ldrd r11, r12, [r1]\n wls lr, r2, 2f\n" \
                "1: vctp.8 r11\n sub r11, r11, r12\n " load \
                "vst40.8 {q0, q1, q2, q3}, [r0]\n vst41.8 {q0, q1, q2, q3}, [r0]\n vst42.8 {q0, q1, q2, q3}, [r0]\n vst43.8 {q0, q1, q2, q3}, [r0]!\n" \
                "le lr, 1b\n 2: pop {r4-r11, pc}\n"); \
    }
#define DG_WEAVE_3 "vpsttt\n vldrbt.u8 q0, [r3]\n vldrbt.u8 q1, [r4]\n vldrbt.u8 q2, [r5]\n add r3, r3, r7\n add r4, r4, r8\n add r5, r5, r9\n"
#define DG_WEAVE_4 "vpstttt\n vldrbt.u8 q0, [r3]\n vldrbt.u8 q1, [r4]\n vldrbt.u8 q2, [r5]\n vldrbt.u8 q3, [r6]\n add r3, r3, r7\n add r4, r4, r8\n add r5, r5, r9\n add r6, r6, r10\n"

DG_WEAVE(dg_weave3, DG_WEAVE_3)

DG_WEAVE(dg_weave4, DG_WEAVE_4)

/* dg_woven says where the words are: bytes from the first word of a pixel to each of its four, and from a pixel to the next; bytes from a pixel of
 * the output to the next; zero point and bounds of the output. */
typedef struct {
    int32_t words[4], step, to, zero, low, high;
} dg_woven;

/* The sums r0, r2, r4, r6 of four channels, with r1 pointing behind the weights, become results in the lowest bytes of q0. */
#define DG_WOVEN_ROUND(bound, saturate) \
    "vmov q0[2], q0[0], r0, r4\n vmov q0[3], q0[1], r2, r6\n vldrw.u32 q1, [r1, #16]\n vmulh.s32 q0, q0, q1\n vldrw.u32 q2, [r1, #32]\n vrshl.s32 q0, q0, q2\n" \
    "vqmovnb.s32 q0, q0\n vqadd.s16 q0, q0, r10\n " bound saturate " q0, q0\n"
#define DG_WOVEN_STACK 120 /* bytes that functions made of these take */
#define DG_WOVEN_BOUND "vdup.16 q1, r5\n vmax.s16 q0, q0, q1\n vdup.16 q1, r3\n vmin.s16 q0, q0, q1\n"

/* Pixels next to each other, of so many channels. Stack: 0 words, output, what to compute, channels left. */
#define DG_WOVEN_PIXELS(name, bound, saturate, some, store) \
    DG_HELIUM void name(const void *t __attribute__((unused)), const uint32_t *blocks __attribute__((unused)), void *y __attribute__((unused)), \
                       const dg_woven *a __attribute__((unused)), int32_t pixels __attribute__((unused)), int32_t channels __attribute__((unused))) \
    { \
        __asm__("push {r3-r11, lr}\n vpush {d8-d15}\n sub sp, sp, #16\n strd r0, r2, [sp]\n ldr r4, [sp, #124]\n strd r3, r4, [sp, #8]\n" \
                "ldrd r9, r11, [r3, #16]\n ldrd r10, r5, [r3, #24]\n ldr r3, [r3, #32]\n ldr r12, [sp, #120]\n" \
                "1: ldr r0, [sp, #8]\n vldrw.u32 q3, [r0]\n ldrd r0, r7, [sp]\n vadd.i32 q3, q3, r0\n adds r0, r0, #16\n adds r2, r7, #4\n strd r0, r2, [sp]\n" \
                "vldrb.u8 q4, [r1], #16\n vldrb.u8 q5, [r1], #16\n vldrb.u8 q6, [r1], #16\n vldrb.u8 q7, [r1], #16\n" some "dls lr, r12\n" \
                "2: vldrw.u32 q0, [q3]\n vldrw.u32 q1, [q3, #4]\n ldm r1, {r0, r2, r4, r6}\n vmladava.s8 r0, q0, q4\n vmladava.s8 r2, q1, q5\n" \
                "vldrw.u32 q0, [q3, #8]\n vldrw.u32 q1, [q3, #12]\n vadd.i32 q3, q3, r9\n vmladava.s8 r4, q0, q6\n vmladava.s8 r6, q1, q7\n" \
                DG_WOVEN_ROUND(bound, saturate) store " q0, [r7]\n add r7, r7, r11\n le lr, 2b\n" \
                "adds r1, r1, #48\n ldr r0, [sp, #12]\n subs r0, r0, #4\n str r0, [sp, #12]\n bgt 1b\n" \
                "add sp, sp, #16\n vpop {d8-d15}\n pop {r3-r11, pc}\n"); \
    }

/* dg_woven_s8 gives int8_t over the whole range, of channels that come in fours; dg_woven_s8_any within bounds, of any number. */
DG_WOVEN_PIXELS(dg_woven_s8, "", "vqmovnb.s16", "", "vstrb.32")

DG_WOVEN_PIXELS(dg_woven_s8_any, DG_WOVEN_BOUND, "vqmovnb.s16", "ldr r0, [sp, #12]\n vctp.32 r0\n", "vpst\n vstrbt.32")

DG_WOVEN_PIXELS(dg_woven_u8, "", "vqmovunb.s16", "", "vstrb.32")

DG_WOVEN_PIXELS(dg_woven_u8_any, DG_WOVEN_BOUND, "vqmovunb.s16", "ldr r0, [sp, #12]\n vctp.32 r0\n", "vpst\n vstrbt.32")

/* dg_some_taps says how many times four taps there are, how many vectors of 16 of them, for how many channels; zero point and bounds of the output. */
typedef struct {
    int32_t fours, vectors, channels, zero, low, high;
} dg_some_taps;

/* One pixel of any number of taps. taps are where their inputs are: they move on. words takes 64 bytes for each four taps, and behind them what is
 * read of vectors that are not full. Stack: 0 blocks, taps, words, vectors, 16 fours, bytes of weights. */
#define DG_WOVEN_TAPS(name, saturate) \
    DG_HELIUM void name(const void **taps __attribute__((unused)), const uint32_t *blocks __attribute__((unused)), void *y __attribute__((unused)), \
                       const dg_some_taps *a __attribute__((unused)), void *words __attribute__((unused))) \
    { \
        __asm__("push {r3-r11, lr}\n vpush {d8-d11}\n sub sp, sp, #24\n ldr r6, [sp, #96]\n ldrd r4, r5, [r3]\n ldrd r11, r10, [r3, #8]\n ldrd r8, r9, [r3, #16]\n" \
                "strd r1, r0, [sp]\n strd r6, r5, [sp, #8]\n lsls r5, r5, #6\n strd r4, r5, [sp, #16]\n mov r7, r2\n" \
                "movs r0, #0\n vidup.u32 q4, r0, #1\n vshl.i32 q4, q4, #6\n vadd.i32 q4, q4, r6\n mov r5, r8\n mov r12, r9\n" \
                "1: vctp.8 r11\n ldrd r3, r0, [sp, #4]\n ldr r2, [sp, #16]\n dls lr, r2\n" \
                "2: ldm r3, {r1, r4, r6, r8}\n vpstttt\n vldrbt.u8 q0, [r1], #16\n vldrbt.u8 q1, [r4], #16\n vldrbt.u8 q2, [r6], #16\n vldrbt.u8 q3, [r8], #16\n" \
                "stm r3!, {r1, r4, r6, r8}\n vst40.8 {q0, q1, q2, q3}, [r0]\n vst41.8 {q0, q1, q2, q3}, [r0]\n vst42.8 {q0, q1, q2, q3}, [r0]\n vst43.8 {q0, q1, q2, q3}, [r0]!\n" \
                "le lr, 2b\n mov r3, r12\n mov r9, #256\n mov r8, #4\n vmov q3, q4\n" \
                "3: ldr r2, [sp, #20]\n ldr r6, [sp]\n add r1, r6, r2\n ldr r0, [sp, #12]\n dls lr, r0\n mov r2, r6\n vmov q2, q3\n" \
                "str r3, [sp, #-4]!\n mov r3, r2\n ldm r1, {r0, r2, r4, r6}\n" \
                "4: vldrw.u32 q0, [q2]\n vldrb.u8 q1, [r3], #16\n vmladava.s8 r0, q0, q1\n vldrw.u32 q0, [q2, #4]\n vldrb.u8 q1, [r3], #16\n vmladava.s8 r2, q0, q1\n" \
                "vldrw.u32 q0, [q2, #8]\n vldrb.u8 q1, [r3], #16\n vmladava.s8 r4, q0, q1\n vldrw.u32 q0, [q2, #12]\n vldrb.u8 q1, [r3], #16\n vmladava.s8 r6, q0, q1\n" \
                "vadd.i32 q2, q2, r9\n le lr, 4b\n ldr r3, [sp], #4\n" \
                DG_WOVEN_ROUND(DG_WOVEN_BOUND, saturate) "vctp.32 r11\n vpst\n vstrbt.32 q0, [r7], #4\n adds r1, r1, #48\n str r1, [sp]\n mov r0, #16\n vadd.i32 q3, q3, r0\n" \
                "subs r11, r11, #4\n ble 5f\n subs r8, r8, #1\n bne 3b\n b 1b\n 5: add sp, sp, #24\n vpop {d8-d11}\n pop {r3-r11, pc}\n"); \
    }

DG_WOVEN_TAPS(dg_woven_taps_s8, "vqmovnb.s16")

DG_WOVEN_TAPS(dg_woven_taps_u8, "vqmovunb.s16")

#endif
