/* dg_elements.h: loops over elements, and poolings, by the vectors of Armv8.1-M. */
#ifndef DG_ELEMENTS_H
#define DG_ELEMENTS_H

#include "dg_mve.h"

/* dg_sum says how to add n values: factors of both operands and what is added for their zero points; the bits to shift by, negative, and what is
 * left of 32; zero point and bounds of the sum. */
typedef struct {
    int32_t n, am, bm, offset, right, left, zero, low, high;
} dg_sum;

/* dg_add_s8 adds: halves go up first, then those that are odd back to even. y may be a or b. */
DG_HELIUM void dg_add_s8(const int8_t *a __attribute__((unused)), const int8_t *b __attribute__((unused)), int8_t *y __attribute__((unused)),
                         const dg_sum *s __attribute__((unused)))
{
    __asm__("push {r4-r9, lr}\n vpush {d8-d13}\n ldm r3!, {r4-r7}\n ldm r3!, {r8, r9}\n vdup.32 q5, r8\n vdup.32 q6, r9\n"
            "ldrd r8, r9, [r3]\n vdup.16 q2, r9\n ldr r9, [r3, #8]\n vdup.16 q3, r9\n vmov.i32 q4, #1\n mov r12, #0x80000000\n dlstp.32 lr, r4\n"
            "1: vldrb.s32 q0, [r0], #4\n vldrb.s32 q1, [r1], #4\n vmul.i32 q0, q0, r5\n vmla.s32 q0, q1, r6\n vadd.i32 q0, q0, r7\n"
            "vrshl.s32 q1, q0, q5\n vshl.s32 q0, q0, q6\n vpt.i32 eq, q0, r12\n vbict q1, q1, q4\n"
            "vqmovnb.s32 q1, q1\n vqadd.s16 q1, q1, r8\n vmax.s16 q1, q1, q2\n vmin.s16 q1, q1, q3\n vstrb.32 q1, [r2], #4\n letp lr, 1b\n"
            "vpop {d8-d13}\n pop {r4-r9, pc}\n");
}
#define DG_ADD_STACK 76 /* bytes that it takes */

/* dg_elements_lookup writes n values of a table: those at the values of x, xor flip. y may be x. */
DG_HELIUM_INLINE void dg_elements_lookup(const void *x, const void *table, void *y, int32_t n, int32_t flip)
{
    __asm__ volatile("vdup.8 q1, %[flip]\n dlstp.8 lr, %[n]\n 1: vldrb.u8 q0, [%[x]], #16\n veor q0, q0, q1\n vldrb.u8 q2, [%[table], q0]\n vstrb.8 q2, [%[y]], #16\n letp lr, 1b\n"
                     : [x] "+l"(x), [y] "+l"(y)
                     : [table] "r"(table), [n] "r"(n), [flip] "r"(flip)
                     : "q0", "q1", "q2", "lr", "memory");
}

/* dg_lookup16 is dg_elements_lookup for a table of 16-bit values. */
DG_HELIUM_INLINE void dg_lookup16(const void *x, const void *table, void *y, int32_t n, int32_t flip)
{
    __asm__ volatile("vdup.16 q1, %[flip]\n dlstp.16 lr, %[n]\n 1: vldrb.u16 q0, [%[x]], #8\n veor q0, q0, q1\n vldrh.u16 q2, [%[table], q0, uxtw #1]\n vstrh.16 q2, [%[y]], #16\n letp lr, 1b\n"
                     : [x] "+l"(x), [y] "+l"(y)
                     : [table] "r"(table), [n] "r"(n), [flip] "r"(flip)
                     : "q0", "q1", "q2", "lr", "memory");
}

/* dg_elements_pool says what each element of a pooling is computed from: `taps` values, `step` bytes apart, of each of so many rows. It begins with the least
 * value, or where `more` is 1, with what is there. */
typedef struct {
    int32_t rows, taps, step, more;
} dg_elements_pool;

/* dg_pool_max writes the greatest values of n channels. rows points to the first tap in each row. */
#define DG_POOL_MAX(name, least, max) \
    DG_HELIUM void name(void *y __attribute__((unused)), const void *const *rows __attribute__((unused)), int32_t n __attribute__((unused)), \
                        const dg_elements_pool *a __attribute__((unused))) \
    { \
        __asm__("push {r4-r9, lr}\n ldm r3, {r4-r7}\n mov r8, #0\n" \
                "1: vctp.8 r2\n vmov.i8 q0, #" least "\n cbz r7, 2f\n vpst\n vldrbt.u8 q0, [r0]\n 2: mov r9, r1\n mov r12, r4\n cbz r4, 5f\n" \
                "3: ldr r3, [r9], #4\n add r3, r3, r8\n dls lr, r5\n 4: vpst\n vldrbt.u8 q1, [r3]\n add r3, r3, r6\n " max " q0, q0, q1\n le lr, 4b\n" \
                "subs r12, r12, #1\n bne 3b\n 5: vpst\n vstrbt.8 q0, [r0], #16\n add r8, r8, #16\n subs r2, r2, #16\n bgt 1b\n pop {r4-r9, pc}\n"); \
    }
#define DG_POOL_STACK 44 /* bytes that poolings take */

DG_POOL_MAX(dg_pool_max_s8, "0x80", "vmax.s8")

DG_POOL_MAX(dg_pool_max_u8, "0", "vmax.u8")

/* dg_mean is what becomes of sums: `offset` is added; without `last` they are kept, else they are requantized: factor, bits to shift by less 32,
 * negative, zero point and bounds of the output. */
typedef struct {
    int32_t *sums;
    int32_t offset, last, m, shift, zero, low, high;
} dg_mean;

/* dg_pool_mean_s8 sums n channels of int8_t, from the sums on where there is `more`, and writes them, or the means. */
DG_HELIUM void dg_pool_mean_s8(void *y __attribute__((unused)), const void *const *rows __attribute__((unused)), int32_t n __attribute__((unused)),
                               const dg_elements_pool *a __attribute__((unused)), const dg_mean *b __attribute__((unused)))
{
    __asm__("push {r4-r11, lr}\n ldr r11, [sp, #36]\n ldm r3, {r4-r7}\n mov r8, #0\n ldr r10, [r11], #4\n"
            "1: vctp.32 r2\n ldr r3, [r11]\n vdup.32 q0, r3\n cbz r7, 2f\n vpst\n vldrwt.u32 q1, [r10]\n vadd.i32 q0, q0, q1\n 2: mov r9, r1\n mov r12, r4\n cbz r4, 5f\n"
            "3: ldr r3, [r9], #4\n add r3, r3, r8\n dls lr, r5\n 4: vpst\n vldrbt.s32 q1, [r3]\n add r3, r3, r6\n vadd.i32 q0, q0, q1\n le lr, 4b\n"
            "subs r12, r12, #1\n bne 3b\n 5: ldrd r3, r9, [r11, #4]\n cbnz r3, 6f\n vpst\n vstrwt.32 q0, [r10], #16\n b 7f\n"
            "6: add r10, r10, #16\n vdup.32 q1, r9\n vmulh.s32 q0, q0, q1\n ldrd r9, r12, [r11, #12]\n vrshl.s32 q0, r9\n vqmovnb.s32 q0, q0\n vqadd.s16 q0, q0, r12\n"
            "ldrd r9, r12, [r11, #20]\n vdup.16 q1, r9\n vmax.s16 q0, q0, q1\n vdup.16 q1, r12\n vmin.s16 q0, q0, q1\n vpst\n vstrbt.32 q0, [r0], #4\n"
            "7: add r8, r8, #4\n subs r2, r2, #4\n bgt 1b\n pop {r4-r11, pc}\n");
}

/* dg_quantize4 writes n quantized floats as bytes, dg_quantize4_s16 as int16_t: NaN becomes zero. */
#define DG_QUANTIZE(name, store) \
    DG_HELIUM_INLINE void name(const float *x, void *y, int32_t n, float scale, int32_t zero, int32_t low, int32_t high) \
    { \
        __asm__ volatile("vmov s4, %[scale]\n vdup.32 q2, %[low]\n vdup.32 q3, %[high]\n dlstp.32 lr, %[n]\n" \
                         "1: vldrw.u32 q0, [%[x]], #16\n vdiv.f32 s0, s0, s4\n vdiv.f32 s1, s1, s4\n vdiv.f32 s2, s2, s4\n vdiv.f32 s3, s3, s4\n" \
                         "vcvtn.s32.f32 q0, q0\n vqadd.s32 q0, q0, %[zero]\n vmax.s32 q0, q0, q2\n vmin.s32 q0, q0, q3\n " store "\n letp lr, 1b\n" \
                         : [x] "+l"(x), [y] "+l"(y) \
                         : [n] "r"(n), [scale] "r"(scale), [zero] "r"(zero), [low] "r"(low), [high] "r"(high) \
                         : "q0", "q1", "q2", "q3", "lr", "memory"); \
    }

DG_QUANTIZE(dg_quantize4, "vstrb.32 q0, [%[y]], #4")

DG_QUANTIZE(dg_quantize4_s16, "vstrh.32 q0, [%[y]], #8")

/* dg_dequantize4 writes (x - zero) * scale of n values of int8_t; with another suffix, of that type. */
#define DG_DEQUANTIZE(name, load) \
    DG_HELIUM_INLINE void name(const void *x, float *y, int32_t n, int32_t zero, float scale) \
    { \
        __asm__ volatile("dlstp.32 lr, %[n]\n 1: " load "\n vsub.i32 q0, q0, %[zero]\n vcvt.f32.s32 q0, q0\n vmul.f32 q0, q0, %[scale]\n vstrw.32 q0, [%[y]], #16\n letp lr, 1b\n" \
                         : [x] "+l"(x), [y] "+l"(y) \
                         : [n] "r"(n), [scale] "r"(scale), [zero] "r"(zero) \
                         : "q0", "lr", "memory"); \
    }

DG_DEQUANTIZE(dg_dequantize4, "vldrb.s32 q0, [%[x]], #4")

DG_DEQUANTIZE(dg_dequantize4_u8, "vldrb.u32 q0, [%[x]], #4")

DG_DEQUANTIZE(dg_dequantize4_s16, "vldrh.s32 q0, [%[x]], #8")

DG_DEQUANTIZE(dg_dequantize4_u16, "vldrh.u32 q0, [%[x]], #8")

DG_DEQUANTIZE(dg_dequantize4_s32, "vldrw.u32 q0, [%[x]], #16")

#endif
