/* dg_quad_wino.h: convolution of three by three taps in whole numbers by Winograd's F(2x2, 3x3) (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2016), by the DSP instructions of Armv7E-M and Armv8-M. The transformed weights are those of the paper times
 * two in each direction, so that they are whole; an output is then four times the convolution's, which the shift that follows takes out. All
 * is modulo 2^32, so only the outputs must not overflow.
 *
 * Two tiles next to each other, of two by two outputs each, go together. Values are pairs of inputs as dg_quads.h has them: of four channels
 * (k, k+2) comes first, then (k+1, k+3). */
#ifndef DG_QUAD_WINO_H
#define DG_QUAD_WINO_H

#include "dg_dsp.h"

DG_INLINE uint32_t dg_sadd16(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm__("sadd16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

DG_INLINE uint32_t dg_ssub16(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm__("ssub16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

/* dg_wino16_column transforms a column of four pixels, p, of the six that two tiles read. Of the four results each has 6 * channels / 2 words in
 * `to`, six columns for a pair of channels. */
#define DG_WINO_WIDE(v) (is_unsigned ? odd ? dg_wodd_u(v) : dg_weven_u(v) : odd ? dg_wodd(v) : dg_weven(v))
DG_INLINE void dg_wino16_column(uint32_t *to, const uint8_t *const p[4], int32_t channels, int is_unsigned)
{
    const int32_t next = channels / 2 * 6;
    for (int32_t c = 0; c < channels; c += 4) {
        const uint32_t a = dg_load4(p[0] + c), b = dg_load4(p[1] + c), d = dg_load4(p[2] + c), e = dg_load4(p[3] + c);
        DG_UNROLL
        for (int odd = 0; odd < 2; odd++, to += 6) {
            const uint32_t u = DG_WINO_WIDE(b), v = DG_WINO_WIDE(d);
            to[0] = dg_ssub16(DG_WINO_WIDE(a), v);
            to[next] = dg_sadd16(u, v);
            to[2 * next] = dg_ssub16(v, u);
            to[3 * next] = dg_ssub16(u, DG_WINO_WIDE(e));
        }
    }
}

/* dg_wino16_lines transforms the columns to what is multiplied: for each of 16 places `pairs` pairs of channels of both tiles. In a line of places the
 * second comes first. The last two columns become the first. */
DG_INLINE void dg_wino16_lines(uint32_t *to, uint32_t *columns, int32_t pairs)
{
    for (int line = 0; line < 4; line++, to += 6 * pairs) {
        for (int32_t i = 0; i < pairs; i++, columns += 6, to += 2) {
            const uint32_t a = columns[0], b = columns[1], c = columns[2], d = columns[3], e = columns[4], f = columns[5];
            columns[0] = e;
            columns[1] = f;
            to[0] = dg_sadd16(b, c);
            to[1] = dg_sadd16(d, e);
            to[2 * pairs] = dg_ssub16(a, c);
            to[2 * pairs + 1] = dg_ssub16(c, e);
            to[4 * pairs] = dg_ssub16(c, b);
            to[4 * pairs + 1] = dg_ssub16(e, d);
            to[6 * pairs] = dg_ssub16(b, d);
            to[6 * pairs + 1] = dg_ssub16(d, f);
        }
    }
}

/* A pair of channels: r0 inputs, r1 weights, r4-r7 the sums of the first tile, r8-r11 those of the second. The first pair begins them. */
#define DG_WINO_PAIR \
    "ldr r2, [r0], #4\n ldr r3, [r0], #4\n ldr r12, [r1], #4\n ldr lr, [r1], #4\n" \
    "smlad r4, r2, r12, r4\n smlad r8, r3, r12, r8\n smlad r5, r2, lr, r5\n smlad r9, r3, lr, r9\n ldr r12, [r1], #4\n ldr lr, [r1], #4\n" \
    "smlad r6, r2, r12, r6\n smlad r10, r3, r12, r10\n smlad r7, r2, lr, r7\n smlad r11, r3, lr, r11\n"
#define DG_WINO_FIRST \
    "ldr r2, [r0], #4\n ldr r3, [r0], #4\n ldr r12, [r1], #4\n ldr lr, [r1], #4\n" \
    "smuad r4, r2, r12\n smuad r8, r3, r12\n smuad r5, r2, lr\n smuad r9, r3, lr\n ldr r12, [r1], #4\n ldr lr, [r1], #4\n" \
    "smuad r6, r2, r12\n smuad r10, r3, r12\n smuad r7, r2, lr\n smuad r11, r3, lr\n"
#define DG_WINO_FOURS ".rept 16\n" DG_WINO_PAIR ".endr\n ldr r2, [sp, #4]\n cmp r0, r2\n" /* 112 bytes for four channels */
#define DG_WINO_STORE(next) \
    "ldr r12, [sp, #8]\n ldr r3, [sp, #12]\n ldr lr, [sp, #" next "]\n stmia r12!, {r4-r11}\n adds r2, r2, r3\n str r2, [sp, #4]\n str r12, [sp, #8]\n"
#define DG_WINO_BEGIN(to, label) "and " to ", " to ", #7\n mul " to ", " to ", r12\n adr.w lr, " label "\n add " to ", " to ", lr\n adds " to ", " to ", #1\n"
#define DG_WINO_STACK 60 /* bytes that dg_wino16_sums takes */

/* dg_wino16_sums multiplies 16 times `fours` times four channels of two tiles with the weights of four output channels; fours is 2 at least. sums gets
 * [16][2][4]; every other place's are added to those before. Stack: where the loop begins, where it ends, sums, bytes of a place, where the other loop
 * begins, the end of all places. */
DG_ALONE void dg_wino16_sums(const uint32_t *inputs __attribute__((unused)), const uint32_t *weights __attribute__((unused)), int32_t *sums __attribute__((unused)),
                             int32_t fours __attribute__((unused)))
{
    __asm__("push {r4-r11, lr}\n mov r12, #112\n rsb r4, r3, #1\n" DG_WINO_BEGIN("r4", "2f") "rsb r8, r3, #0\n" DG_WINO_BEGIN("r8", "3f")
            "lsls r7, r3, #4\n adds r5, r0, r7\n mov r6, r2\n add r9, r0, r7, lsl #4\n push {r4-r9}\n"
            "1:" DG_WINO_FIRST DG_WINO_PAIR "ldr r2, [sp]\n bx r2\n .balign 4\n 2:" DG_WINO_FOURS "bne 2b\n" DG_WINO_STORE("16") "bx lr\n"
            ".balign 4\n 3:" DG_WINO_FOURS "bne 3b\n" DG_WINO_STORE("20") "cmp r0, lr\n bne 1b\n add sp, sp, #24\n pop {r4-r11, pc}\n");
}

/* One tile of one channel: two by two outputs, in r4 to r7, of the sums of 16 places, which are 32 bytes apart from r0 + at on. r1 multiplier, r2 shift,
 * r3 `zero` shifted; the bias is at [sp]. */
#define DG_WINO_LINE(at, left, right) \
    "ldr r8, [r0, #" at "]\n ldr " left ", [r0, #" at " + 32]\n ldr r9, [r0, #" at " + 64]\n ldr " right ", [r0, #" at " + 96]\n" \
    "add " left ", " left ", r9\n sub " right ", r8, " right "\n"
#define DG_WINO_ROUND(v, saturate) "smmla " v ", " v ", r1, r3\n asrs " v ", " v ", r2\n " saturate " " v ", #8, " v ", asr #1\n"
#define DG_WINO_TILE(at, saturate) \
    "ldr r10, [sp]\n" DG_WINO_LINE(at " + 128", "r6", "r7") "add r6, r6, r10\n add r7, r7, r10\n" DG_WINO_LINE(at, "r10", "r11") "add r4, r10, r6\n add r5, r11, r7\n" \
    DG_WINO_LINE(at " + 256", "r10", "r11") "add r4, r4, r10\n add r5, r5, r11\n sub r6, r6, r10\n sub r7, r7, r11\n" \
    DG_WINO_LINE(at " + 384", "r10", "r11") "sub r6, r6, r10\n sub r7, r7, r11\n" \
    DG_WINO_ROUND("r4", saturate) DG_WINO_ROUND("r5", saturate) DG_WINO_ROUND("r6", saturate) DG_WINO_ROUND("r7", saturate)

/* dg_wino_rows says where outputs go: two rows, `stride` bytes from a pixel to the next; zero is 2 * zero point + 1. */
typedef struct {
    void *first, *second;
    int32_t stride, zero;
} dg_wino_rows;

/* Outputs of four channels, and two tiles, of the sums of dg_wino16_sums. quad are the channels' biases, tail their multipliers and shifts. Stack: bias,
 * quad, tail, shifts, end of the sums; in front of what is kept of the caller's, r3 at [sp, #32]. */
#define DG_WINO_OUTPUTS(name, saturate) \
    DG_ALONE void name(const int32_t *sums __attribute__((unused)), const uint32_t *quad __attribute__((unused)), const uint32_t *tail __attribute__((unused)), \
                       const dg_wino_rows *to __attribute__((unused))) \
    { \
        __asm__("push {r0-r11, lr}\n ldr r7, [r2, #16]\n ldr r12, [r3]\n ldr lr, [r3, #4]\n mov r5, r1\n mov r6, r2\n add r8, r0, #16\n push {r4-r8}\n" \
                "1: ldr r4, [sp, #32]\n ldr r5, [sp, #4]\n ldr r6, [sp, #8]\n ldr r7, [sp, #12]\n ldr r4, [r4, #12]\n ldr r8, [r5], #4\n ldr r1, [r6], #4\n" \
                "uxtb r2, r7\n lsrs r7, r7, #8\n lsl r3, r4, r2\n str r8, [sp]\n str r5, [sp, #4]\n str r6, [sp, #8]\n str r7, [sp, #12]\n" \
                DG_WINO_TILE("0", saturate) "ldr r8, [sp, #32]\n ldr r8, [r8, #8]\n strb r4, [r12]\n strb r5, [r12, r8]\n strb r6, [lr]\n strb r7, [lr, r8]\n" \
                DG_WINO_TILE("16", saturate) "ldr r8, [sp, #32]\n ldr r8, [r8, #8]\n ldr r9, [sp, #16]\n add r10, r12, r8, lsl #1\n add r11, lr, r8, lsl #1\n" \
                "strb r4, [r10]\n strb r5, [r10, r8]\n strb r6, [r11]\n strb r7, [r11, r8]\n" \
                "adds r0, r0, #4\n add r12, r12, #1\n add lr, lr, #1\n cmp r0, r9\n bne 1b\n add sp, sp, #36\n pop {r4-r11, pc}\n"); \
    }
#define DG_WINO_OUTPUTS_STACK 72 /* bytes that these take */

DG_WINO_OUTPUTS(dg_wino16_outputs_s8, "ssat")

DG_WINO_OUTPUTS(dg_wino16_outputs_u8, "usat")

/* dg_wino16_tile makes the two by two outputs of a tile of the sums of 16 places, which are 8 apart, and of four times the bias. */
DG_INLINE void dg_wino16_tile(int32_t to[4], const int32_t *sums, uint32_t bias)
{
    uint32_t o[4] = { 0, 0, 0, 0 };
    for (int r = 0; r < 4; r++, sums += 32) {
        const uint32_t left = (uint32_t)sums[8] + (uint32_t)sums[16], right = (uint32_t)sums[0] - (uint32_t)sums[24], sign = r == 1 ? 1u : ~0u;
        o[0] += r < 3 ? left : 0;
        o[1] += r < 3 ? right : 0;
        o[2] += r > 0 ? sign * left : 0;
        o[3] += r > 0 ? sign * right : 0;
    }
    for (int k = 0; k < 4; k++) {
        to[k] = (int32_t)(o[k] + bias);
    }
}

#endif
