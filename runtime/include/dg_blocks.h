/* dg_blocks.h: products of pixels with the weights of four output channels, a block, at a time, by the vectors of Armv8.1-M. In assembly,
 * since sums of products are in registers with even numbers alone.
 *
 * A block's words are: its weights, for each 16 inputs those of channel 0, then 1, 2, 3, a byte each, the last inputs of a pixel first, 0 for
 * those beyond them; what the four sums begin with; four multipliers; four times 32 less the bits to shift by. */
#ifndef DG_BLOCKS_H
#define DG_BLOCKS_H

#include "dg_mve.h"

/* dg_blocks says what to compute: of each pixel 16 * `more` + `last` inputs, 0 < last <= 16, for `channels`, a multiple of 4, whose blocks take
 * `bytes`; `from` and `to` bytes from a pixel of the input, or output, to the next; zero point and bounds of the output. */
typedef struct {
    int32_t more, last, from, to, bytes, channels, zero, low, high;
} dg_blocks;

/* Both begin with: r0 pixels, r1 blocks, r2 output, r3 what to compute; q5 to q7 are zero point and bounds, p0 which of the last inputs there
 * are. The loop over what more inputs there are is written out four times, and entered where that leaves the right number. */
#define DG_BLOCK_BEGIN(code) \
    "ldrd r4, r5, [r3], #8\n ldr r12, [r3, #16]\n vdup.32 q5, r12\n ldr r12, [r3, #20]\n vdup.32 q6, r12\n ldr r12, [r3, #24]\n vdup.32 q7, r12\n vctp.8 r5\n" \
    "add r0, r0, r4, lsl #4\n adds r9, r4, #3\n lsr r9, r9, #2\n rsb r5, r4, #0\n and r5, r5, #3\n mov r12, #" code "\n mul r5, r5, r12\n" \
    "adr r10, 2f\n add r10, r10, r5\n cmp r4, #0\n it eq\n adreq.w r10, 3f\n adds r10, r10, #1\n ldrd r5, r8, [r3]\n ldrd r11, r12, [r3, #8]\n"
#define DG_BLOCKS_STACK 128 /* bytes that they take */

/* 16 inputs of two pixels, 56 bytes of code: r0, r2, r4, r6 are the sums of the first one, r8, r10, r12, lr those of the second. */
#define DG_BLOCK_TWO(mla) \
    "vldrb.u8 q2, [r1], #16\n " mla " r0, q0, q2\n " mla " r8, q1, q2\n vldrb.u8 q3, [r1], #16\n " mla " r2, q0, q3\n " mla " r10, q1, q3\n" \
    "vldrb.u8 q2, [r1], #16\n " mla " r4, q0, q2\n " mla " r12, q1, q2\n vldrb.u8 q3, [r1], #16\n " mla " r6, q0, q3\n " mla " lr, q1, q3\n"

/* dg_blocks2 computes `pairs` times two pixels. Stack: 0 the last inputs of both pixels, 8 where to enter the loop, 12 how often it runs,
 * 16 blocks and their end, 24 pairs, 28 from a pair of the input to the next, 32 from the end of a pair of the output to the next. */
DG_HELIUM void dg_blocks2(const void *pixels __attribute__((unused)), const uint32_t *blocks __attribute__((unused)), void *y __attribute__((unused)),
                         const dg_blocks *a __attribute__((unused)), int32_t pairs __attribute__((unused)))
{
    __asm__("push {r3-r11, lr}\n vpush {d10-d15}\n sub sp, sp, #40\n" DG_BLOCK_BEGIN("56")
            "adds r3, r0, r5\n strd r0, r3, [sp]\n strd r10, r9, [sp, #8]\n add r11, r11, r1\n strd r1, r11, [sp, #16]\n"
            "ldr r3, [sp, #128]\n lsls r5, r5, #1\n strd r3, r5, [sp, #24]\n rsb r12, r12, r8, lsl #1\n str r12, [sp, #32]\n mov r7, r2\n mov r11, r8\n"
            "1: ldrd r3, r5, [sp]\n ldr r9, [sp, #12]\n vpstt\n vldrbt.u8 q0, [r3]\n vldrbt.u8 q1, [r5]\n" DG_BLOCK_TWO("vmladav.s8")
            "ldr pc, [sp, #8]\n .balign 4\n"
            "2: .rept 4\n vldrb.u8 q0, [r3, #-16]!\n vldrb.u8 q1, [r5, #-16]!\n" DG_BLOCK_TWO("vmladava.s8") ".endr\n subs r9, r9, #1\n bne 2b\n .balign 4\n"
            "3: vmov q0[2], q0[0], r0, r4\n vmov q0[3], q0[1], r2, r6\n vldrw.u32 q2, [r1], #16\n vmov q1[2], q1[0], r8, r12\n vmov q1[3], q1[1], r10, lr\n"
            "vadd.i32 q0, q0, q2\n vldrw.u32 q3, [r1], #16\n vadd.i32 q1, q1, q2\n vldrw.u32 q2, [r1], #16\n vmulh.s32 q0, q0, q3\n vmulh.s32 q1, q1, q3\n"
            "vrshl.s32 q0, q0, q2\n vrshl.s32 q1, q1, q2\n vadd.i32 q0, q0, q5\n vadd.i32 q1, q1, q5\n vmax.s32 q0, q0, q6\n vmax.s32 q1, q1, q6\n"
            "vmin.s32 q0, q0, q7\n vmin.s32 q1, q1, q7\n add r2, r7, r11\n ldr r0, [sp, #20]\n vstrb.32 q0, [r7], #4\n vstrb.32 q1, [r2]\n cmp r1, r0\n bne 1b\n"
            "ldrd r3, r5, [sp]\n ldrd r0, r2, [sp, #28]\n ldr r4, [sp, #24]\n add r3, r3, r0\n add r5, r5, r0\n add r7, r7, r2\n ldr r1, [sp, #16]\n strd r3, r5, [sp]\n"
            "subs r4, r4, #1\n str r4, [sp, #24]\n bne 1b\n add sp, sp, #40\n vpop {d10-d15}\n pop {r3-r11, pc}\n");
}

/* 16 inputs of one pixel, 36 bytes of code. */
#define DG_BLOCK_ONE(mla) \
    "vldrb.u8 q1, [r1], #16\n " mla " r0, q0, q1\n vldrb.u8 q2, [r1], #16\n " mla " r2, q0, q2\n" \
    "vldrb.u8 q1, [r1], #16\n " mla " r4, q0, q1\n vldrb.u8 q2, [r1], #16\n " mla " r6, q0, q2\n"

/* dg_blocks1 computes so many pixels, one at a time. Stack: 0 blocks, 4 pixels, 8 from a pixel of the input to the next, 12 likewise of the output. */
DG_HELIUM void dg_blocks1(const void *pixels __attribute__((unused)), const uint32_t *blocks __attribute__((unused)), void *y __attribute__((unused)),
                         const dg_blocks *a __attribute__((unused)), int32_t n __attribute__((unused)))
{
    __asm__("push {r3-r11, lr}\n vpush {d10-d15}\n sub sp, sp, #16\n" DG_BLOCK_BEGIN("36")
            "ldr r3, [sp, #104]\n strd r1, r3, [sp]\n subs r8, r8, r12\n strd r5, r8, [sp, #8]\n add r11, r11, r1\n mov r5, r0\n mov r7, r2\n"
            "1: mov r3, r5\n dls lr, r9\n vpst\n vldrbt.u8 q0, [r3]\n" DG_BLOCK_ONE("vmladav.s8") "bx r10\n .balign 4\n"
            "2: .rept 4\n vldrb.u8 q0, [r3, #-16]!\n" DG_BLOCK_ONE("vmladava.s8") ".endr\n le lr, 2b\n .balign 4\n"
            "3: vmov q0[2], q0[0], r0, r4\n vmov q0[3], q0[1], r2, r6\n vldrw.u32 q1, [r1], #16\n vldrw.u32 q2, [r1], #16\n vldrw.u32 q3, [r1], #16\n"
            "vadd.i32 q0, q0, q1\n vmulh.s32 q0, q0, q2\n vrshl.s32 q0, q0, q3\n vadd.i32 q0, q0, q5\n vmax.s32 q0, q0, q6\n vmin.s32 q0, q0, q7\n"
            "cmp r1, r11\n vstrb.32 q0, [r7], #4\n bne 1b\n"
            "ldrd r1, r2, [sp]\n ldrd r3, r4, [sp, #8]\n add r5, r5, r3\n add r7, r7, r4\n subs r2, r2, #1\n str r2, [sp, #4]\n bne 1b\n"
            "add sp, sp, #16\n vpop {d10-d15}\n pop {r3-r11, pc}\n");
}

/* dg_block_part says which inputs there are, a bit each, of the first 16 and of the last, and what all are xor with, four times. */
typedef struct {
    uint32_t first, last, flip;
} dg_block_part;

/* dg_block_sums adds the products of 16 * n inputs of one pixel with a block's weights to four sums. Inputs that are not there are not read. */
DG_HELIUM void dg_block_sums(int32_t *sums __attribute__((unused)), const void *pixel __attribute__((unused)), const uint32_t *weights __attribute__((unused)),
                             int32_t n __attribute__((unused)), const dg_block_part *a __attribute__((unused)))
{
    __asm__("push {r4-r10, lr}\n ldr r4, [sp, #32]\n ldrd r12, r5, [r4]\n ldr r4, [r4, #8]\n vdup.32 q3, r4\n ldm r0, {r4, r6, r8, r10}\n"
            "add r1, r1, r3, lsl #4\n subs r1, r1, #16\n"
            "1: cmp r3, #1\n it eq\n andeq r5, r5, r12\n vmsr p0, r5\n vpstt\n vldrbt.u8 q0, [r1], #-16\n veort q0, q0, q3\n"
            "vldrb.u8 q1, [r2], #16\n vmladava.s8 r4, q0, q1\n vldrb.u8 q2, [r2], #16\n vmladava.s8 r6, q0, q2\n"
            "vldrb.u8 q1, [r2], #16\n vmladava.s8 r8, q0, q1\n vldrb.u8 q2, [r2], #16\n vmladava.s8 r10, q0, q2\n"
            "movw r5, #65535\n subs r3, r3, #1\n bne 1b\n stm r0, {r4, r6, r8, r10}\n pop {r4-r10, pc}\n");
}
#define DG_BLOCK_SUMS_STACK 32 /* bytes that it takes */

#endif
