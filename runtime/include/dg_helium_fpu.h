/* dg_helium_fpu.h: what dg_fpu.h computes, by the vectors of Armv8.1-M. Products are not rounded before they are added: VFMA takes the place of two
 * instructions, so that results differ from plain C's in their last bits. */
#ifndef DG_HELIUM_FPU_H
#define DG_HELIUM_FPU_H

#include "dg_fpu.h"
#include "dg_mve.h"

#if !(__ARM_FEATURE_MVE & 2)
#error "this was compiled by deepgo for a processor with Helium for floats: give the C compiler -mcpu=cortex-m55 -mfloat-abi=hard or the like, or compile the model for another --target"
#endif
/* How functions begin and end. r0 segments, r1 block, r2 output, r3 tile; r4 end, r5 blocks left, r6 step, r7 stride, r8 size, r9 offset. Stack:
 * 0 segments, 8 output, 12 tile. */
#define DG_HELIUM_FPU_ENTER "vpush {d8-d15}\n push {r0-r11, lr}\n ldmia r3, {r4-r9}\n"
#define DG_HELIUM_FPU_LEAVE "subs r5, r5, #1\n bne 1b\n pop {r0-r11, lr}\n vpop {d8-d15}\n bx lr\n"
#define DG_HELIUM_FPU_STACK 116 /* bytes that functions made of these take */

/* The bounds of the results, which `low` and `high` apply to each. A NaN stays what it is. */
#define DG_HELIUM_FPU_ACT(low, high) \
    "ldr lr, [r3, #24]\n cmp lr, #0\n beq 8f\n ldrd r10, r12, [r3, #28]\n vdup.32 q6, r10\n" low "cmp lr, #1\n beq 8f\n vdup.32 q7, r12\n" high "8:\n"
#define DG_HELIUM_FPU_LOW(q) "vpt.f32 lt, " q ", r10\n vmovt " q ", q6\n"
#define DG_HELIUM_FPU_HIGH(q) "vpt.f32 gt, " q ", r12\n vmovt " q ", q7\n"
#define DG_HELIUM_FPU_ACT1 DG_HELIUM_FPU_ACT(DG_HELIUM_FPU_LOW("q0") DG_HELIUM_FPU_LOW("q1"), DG_HELIUM_FPU_HIGH("q0") DG_HELIUM_FPU_HIGH("q1"))
#define DG_HELIUM_FPU_ACT2 \
    DG_HELIUM_FPU_ACT(DG_HELIUM_FPU_LOW("q0") DG_HELIUM_FPU_LOW("q1") DG_HELIUM_FPU_LOW("q2") DG_HELIUM_FPU_LOW("q3"), \
                      DG_HELIUM_FPU_HIGH("q0") DG_HELIUM_FPU_HIGH("q1") DG_HELIUM_FPU_HIGH("q2") DG_HELIUM_FPU_HIGH("q3"))

/* dg_helium_two computes the blocks of two pixels of a convolution: q0, q1 and q2, q3. q4 to q7 are weights; r2, r3, r7, r8 inputs. */
DG_HELIUM void dg_helium_two(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                             const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_HELIUM_FPU_ENTER "1: vldrw.u32 q0, [r1]\n vldrw.u32 q1, [r1, #16]\n vmov q2, q0\n vmov q3, q1\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r11, r10, r6\n add r12, r12, r1\n lsrs lr, lr, #1\n bcc 3f\n"
            "ldr r2, [r10], #4\n ldr r3, [r11], #4\n vldrw.u32 q4, [r12], #16\n vldrw.u32 q5, [r12], #16\n"
            "vfma.f32 q0, q4, r2\n vfma.f32 q2, q4, r3\n vfma.f32 q1, q5, r2\n vfma.f32 q3, q5, r3\n"
            "3: wls lr, lr, 5f\n"
            "4: ldrd r2, r3, [r10], #8\n ldrd r7, r8, [r11], #8\n"
            "vldrw.u32 q4, [r12], #16\n vfma.f32 q0, q4, r2\n vldrw.u32 q5, [r12], #16\n vfma.f32 q2, q4, r7\n"
            "vldrw.u32 q6, [r12], #16\n vfma.f32 q1, q5, r2\n vldrw.u32 q7, [r12], #16\n vfma.f32 q3, q5, r7\n"
            "vfma.f32 q0, q6, r3\n vfma.f32 q2, q6, r8\n vfma.f32 q1, q7, r3\n vfma.f32 q3, q7, r8\n le lr, 4b\n"
            "5: cmp r0, r4\n bne 2b\n ldrd r2, r3, [sp, #8]\n ldrd r7, r8, [r3, #12]\n" DG_HELIUM_FPU_ACT2
            "add lr, r2, r7\n vstrw.32 q2, [lr]\n vstrw.32 q3, [lr, #16]\n vstrw.32 q0, [r2], #16\n vstrw.32 q1, [r2], #16\n str r2, [sp, #8]\n add r1, r1, r8\n"
            DG_HELIUM_FPU_LEAVE);
}

/* dg_helium_one computes the blocks of a pixel of a convolution, or of a fully connected layer: q0, q1. q4 to q7 are weights; r6, r11 inputs. */
DG_HELIUM void dg_helium_one(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                             const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_HELIUM_FPU_ENTER "1: ldr lr, [r3, #36]\n cmp lr, #0\n ite eq\n moveq r10, r1\n movne r10, r2\n vldrw.u32 q0, [r10]\n vldrw.u32 q1, [r10, #16]\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r12, r12, r1\n lsrs lr, lr, #1\n bcc 3f\n"
            "ldr r6, [r10], #4\n vldrw.u32 q4, [r12], #16\n vldrw.u32 q5, [r12], #16\n vfma.f32 q0, q4, r6\n vfma.f32 q1, q5, r6\n"
            "3: wls lr, lr, 5f\n"
            "4: ldrd r6, r11, [r10], #8\n vldrw.u32 q4, [r12], #16\n vfma.f32 q0, q4, r6\n vldrw.u32 q5, [r12], #16\n vfma.f32 q1, q5, r6\n"
            "vldrw.u32 q6, [r12], #16\n vfma.f32 q0, q6, r11\n vldrw.u32 q7, [r12], #16\n vfma.f32 q1, q7, r11\n le lr, 4b\n"
            "5: cmp r0, r4\n bne 2b\n" DG_HELIUM_FPU_ACT1 "vstrw.32 q0, [r2], #16\n vstrw.32 q1, [r2], #16\n add r1, r1, r8\n" DG_HELIUM_FPU_LEAVE);
}

/* dg_helium_each_two computes the blocks of two pixels of a depthwise convolution: q0, q1 and q2, q3. q4, q5 are weights, q6, q7 inputs. */
DG_HELIUM void dg_helium_each_two(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                                  const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_HELIUM_FPU_ENTER "1: vldrw.u32 q0, [r1]\n vldrw.u32 q1, [r1, #16]\n vmov q2, q0\n vmov q3, q1\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r12, r12, r1\n add r11, r10, r6\n"
            "vldrw.u32 q4, [r12]\n vldrw.u32 q6, [r10]\n vfma.f32 q0, q6, q4\n vldrw.u32 q7, [r11]\n vfma.f32 q2, q7, q4\n"
            "vldrw.u32 q5, [r12, #16]\n vldrw.u32 q6, [r10, #16]\n vfma.f32 q1, q6, q5\n vldrw.u32 q7, [r11, #16]\n vfma.f32 q3, q7, q5\n"
            "5: cmp r0, r4\n bne 2b\n" DG_HELIUM_FPU_ACT2
            "add lr, r2, r7\n vstrw.32 q2, [lr]\n vstrw.32 q3, [lr, #16]\n vstrw.32 q0, [r2], #16\n vstrw.32 q1, [r2], #16\n adds r9, r9, #32\n add r1, r1, r8\n"
            DG_HELIUM_FPU_LEAVE);
}

/* dg_helium_each_one computes the blocks of a pixel of a depthwise convolution. */
DG_HELIUM void dg_helium_each_one(const dg_fpu_segment *list __attribute__((unused)), const float *w __attribute__((unused)), float *y __attribute__((unused)),
                                  const dg_fpu_tile *t __attribute__((unused)))
{
    __asm__(DG_HELIUM_FPU_ENTER "1: vldrw.u32 q0, [r1]\n vldrw.u32 q1, [r1, #16]\n ldr r0, [sp]\n b 5f\n"
            "2: ldmia r0!, {r10, r12, lr}\n add r10, r10, r9\n add r12, r12, r1\n"
            "vldrw.u32 q4, [r12]\n vldrw.u32 q6, [r10]\n vfma.f32 q0, q6, q4\n vldrw.u32 q5, [r12, #16]\n vldrw.u32 q7, [r10, #16]\n vfma.f32 q1, q7, q5\n"
            "5: cmp r0, r4\n bne 2b\n" DG_HELIUM_FPU_ACT1
            "vstrw.32 q0, [r2], #16\n vstrw.32 q1, [r2], #16\n adds r9, r9, #32\n add r1, r1, r8\n" DG_HELIUM_FPU_LEAVE);
}

#endif
