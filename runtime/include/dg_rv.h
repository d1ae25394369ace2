/* dg_rv.h: products of pixels with weights in RISC-V assembly, since GCC finds no registers for sixteen sums. Weights and parameters are those of the kernels
 * for fours; all results are rounded by the upper word. */
#ifndef DG_RV_H
#define DG_RV_H

#include "dg_fours.h"

/* DG_RV_Z is the bytes of a register, DG_RV_L and DG_RV_S load and store one; DG_RV_HIGH is the upper half of a product of 32 bits. */
#if __riscv_xlen == 64
#define DG_RV_Z "8"
#define DG_RV_L "ld "
#define DG_RV_S "sd "
#define DG_RV_HIGH(a, m) "mul " a ", " a ", " m "\n srai " a ", " a ", 32\n"
#else
#define DG_RV_Z "4"
#define DG_RV_L "lw "
#define DG_RV_S "sw "
#define DG_RV_HIGH(a, m) "mulh " a ", " a ", " m "\n"
#endif

/* A frame has seven words of a function's own, then what it must keep. */
#define DG_RV_EACH(x) x("ra", "7") x("s0", "8") x("s1", "9") x("s2", "10") x("s3", "11") x("s4", "12") x("s5", "13") x("s6", "14") x("s7", "15") x("s8", "16") x("s9", "17") x("s10", "18") x("s11", "19")
#define DG_RV_SAVE(r, at) DG_RV_S r ", " at "*" DG_RV_Z "(sp)\n"
#define DG_RV_LOAD(r, at) DG_RV_L r ", " at "*" DG_RV_Z "(sp)\n"
#define DG_RV_ENTER "addi sp, sp, -20*" DG_RV_Z "\n" DG_RV_EACH(DG_RV_SAVE)
#define DG_RV_LEAVE DG_RV_EACH(DG_RV_LOAD) "addi sp, sp, 20*" DG_RV_Z "\n ret\n"
#define DG_RV_STACK 160 /* bytes of it, at most */

/* Twice a result comes by rounding the upper word; a3 is what is added to it, a4 and a5 the bounds. */
#define DG_RV_BOUND(a, lo, hi) "bge " a ", " lo ", 8f\n mv " a ", " lo "\n 8: bge " hi ", " a ", 8f\n mv " a ", " hi "\n 8:\n"
#define DG_RV_ROUND(a) "add " a ", " a ", a3\n srai " a ", " a ", 1\n" DG_RV_BOUND(a, "a4", "a5")

/* One input of four pixels: a0-a3 pixels, ra weights, t0-s8 the sums of four channels of pixel 0, then of pixel 1, and so on. 160 bytes. */
#define DG_RV_MAC(s, v, w, t) "mul " t ", " v ", " w "\n add " s ", " s ", " t "\n"
#define DG_RV_FOUR(load, p, c0, c1, c2, c3) \
    "" load " s10, \\k(" p ")\n" DG_RV_MAC(c0, "s10", "a5", "s11") DG_RV_MAC(c1, "s10", "a6", "s11") DG_RV_MAC(c2, "s10", "a7", "s11") DG_RV_MAC(c3, "s10", "s9", "s11")

#define DG_RV_STEP4(load) \
    "lb a5, 4*\\k(ra)\n lb a6, 4*\\k+1(ra)\n lb a7, 4*\\k+2(ra)\n lb s9, 4*\\k+3(ra)\n" \
    DG_RV_FOUR(load, "a0", "t0", "t1", "t2", "t3") \
    DG_RV_FOUR(load, "a1", "t4", "t5", "t6", "s0") \
    DG_RV_FOUR(load, "a2", "s1", "s2", "s3", "s4") \
    DG_RV_FOUR(load, "a3", "s5", "s6", "s7", "s8")
/* One input of one pixel: a0 pixel, a1-a3 and ra the weights of four channels each. 196 bytes. */
#define DG_RV_ONE(c, at, w, t) "lb " t ", 4*\\k+" at "(" w ")\n mul " t ", " t ", a5\n add " c ", " c ", " t "\n"
#define DG_RV_STEP1(load) \
    load " a5, \\k(a0)\n" \
    DG_RV_ONE("t0", "0", "a1", "a6") DG_RV_ONE("t1", "1", "a1", "a7") DG_RV_ONE("t2", "2", "a1", "a6") DG_RV_ONE("t3", "3", "a1", "a7") \
    DG_RV_ONE("t4", "0", "a2", "a6") DG_RV_ONE("t5", "1", "a2", "a7") DG_RV_ONE("t6", "2", "a2", "a6") DG_RV_ONE("s0", "3", "a2", "a7") \
    DG_RV_ONE("s1", "0", "a3", "a6") DG_RV_ONE("s2", "1", "a3", "a7") DG_RV_ONE("s3", "2", "a3", "a6") DG_RV_ONE("s4", "3", "a3", "a7") \
    DG_RV_ONE("s5", "0", "ra", "a6") DG_RV_ONE("s6", "1", "ra", "a7") DG_RV_ONE("s7", "2", "ra", "a6") DG_RV_ONE("s8", "3", "ra", "a7")
/* Four steps, of which those are left out that a5 says, of `bytes` each. */
#define DG_RV_LOOP(step, bytes, next) \
    "li a6, " bytes "\n mul a5, a5, a6\n lla a6, 2f\n add a5, a5, a6\n jr a5\n" \
    "2: .option push\n .option norvc\n .irp k, 0, 1, 2, 3\n" step ".endr\n .option pop\n addi a0, a0, 4\n" next "addi ra, ra, 16\n bne a0, a4, 2b\n"

/* Four pixels for all channels. Frame: 0 runs, 1 y, 2 a, 3 parameters, 4 the runs left, 5 their number, 6 channels left. */
#define DG_RV_CHANNEL(c, p0, p1, p2, p3) \
    "lw a7, 16+4*" c "(a1)\n lbu s9, 32+" c "(a1)\n mv s10, a0\n" \
    ".irp c, " p0 ", " p1 ", " p2 ", " p3 "\n" DG_RV_HIGH("\\c", "a7") "sra \\c, \\c, s9\n" DG_RV_ROUND("\\c") "sb \\c, 0(s10)\n add s10, s10, a6\n .endr\n" \
    "addi a2, a2, -1\n add a0, a0, s11\n beqz a2, 9f\n"
#define DG_RV_FOURS4(name, load) \
    DG_ALONE void name(const void *const *runs __attribute__((unused)), void *y __attribute__((unused)), const dg_fours *a __attribute__((unused))) \
    { \
        __asm__(DG_RV_ENTER "lw a3, 8(a2)\n" DG_RV_SAVE("a0", "0") DG_RV_SAVE("a1", "1") DG_RV_SAVE("a2", "2") DG_RV_SAVE("a3", "6") DG_RV_L "a3, 40+" DG_RV_Z "(a2)\n" DG_RV_SAVE("a3", "3") DG_RV_L "ra, 40(a2)\n" \
                "1: " DG_RV_LOAD("a1", "3") "lw t0, 0(a1)\n lw t1, 4(a1)\n lw t2, 8(a1)\n lw t3, 12(a1)\n" \
                "mv t4, t0\n mv t5, t1\n mv t6, t2\n mv s0, t3\n mv s1, t0\n mv s2, t1\n mv s3, t2\n mv s4, t3\n mv s5, t0\n mv s6, t1\n mv s7, t2\n mv s8, t3\n" \
                DG_RV_LOAD("a2", "2") DG_RV_LOAD("a0", "0") "lw a3, 4(a2)\n" \
                "6: " DG_RV_SAVE("a3", "5") DG_RV_L "a1, 0(a0)\n addi a0, a0, " DG_RV_Z "\n" DG_RV_SAVE("a0", "4") "lw a3, 0(a2)\n lw a4, 12(a2)\n" \
                "neg a5, a3\n andi a5, a5, 3\n add a6, a1, a3\n sub a0, a1, a5\n add a1, a0, a4\n add a2, a1, a4\n add a3, a2, a4\n mv a4, a6\n slli a6, a5, 2\n sub ra, ra, a6\n" \
                DG_RV_LOOP(DG_RV_STEP4(load), "160", "addi a1, a1, 4\n addi a2, a2, 4\n addi a3, a3, 4\n") \
                DG_RV_LOAD("a0", "4") DG_RV_LOAD("a2", "2") DG_RV_LOAD("a3", "5") "addi a3, a3, -1\n bnez a3, 6b\n" \
                "lw a3, 24(a2)\n lw a4, 28(a2)\n lw a5, 32(a2)\n lw a6, 16(a2)\n lw s11, 20(a2)\n" DG_RV_LOAD("a0", "1") DG_RV_LOAD("a1", "3") DG_RV_LOAD("a2", "6") \
                DG_RV_CHANNEL("0", "t0", "t4", "s1", "s5") \
                DG_RV_CHANNEL("1", "t1", "t5", "s2", "s6") \
                DG_RV_CHANNEL("2", "t2", "t6", "s3", "s7") \
                DG_RV_CHANNEL("3", "t3", "s0", "s4", "s8") \
                "addi a1, a1, 36\n" DG_RV_SAVE("a1", "3") DG_RV_SAVE("a0", "1") DG_RV_SAVE("a2", "6") "j 1b\n 9:\n" DG_RV_LEAVE); \
    }

/* dg_rv_fours4_s is for inputs of int8_t, dg_rv_fours4_u for uint8_t. */
DG_RV_FOURS4(dg_rv_fours4_s, "lb")

DG_RV_FOURS4(dg_rv_fours4_u, "lbu")

/* One pixel for as many sixteens of channels as there are, at least one. */
#define DG_RV_SCALE(c, m, s) "lw a7, " m "(a1)\n lbu s10, " s "(a1)\n" DG_RV_HIGH(c, "a7") "sra " c ", " c ", s10\n"
#define DG_RV_FOURS1(name, load) \
    DG_ALONE void name(const void *const *runs __attribute__((unused)), void *y __attribute__((unused)), const dg_fours *a __attribute__((unused))) \
    { \
        __asm__(DG_RV_ENTER "lw a3, 8(a2)\n" DG_RV_SAVE("a0", "0") DG_RV_SAVE("a1", "1") DG_RV_SAVE("a3", "6") DG_RV_L "a3, 40+" DG_RV_Z "(a2)\n" DG_RV_SAVE("a3", "3") DG_RV_L "ra, 40(a2)\n mv s9, a2\n" \
                "1: " DG_RV_LOAD("a0", "3") \
                "lw t0, 0(a0)\n lw t1, 4(a0)\n lw t2, 8(a0)\n lw t3, 12(a0)\n" \
                "lw t4, 36(a0)\n lw t5, 40(a0)\n lw t6, 44(a0)\n lw s0, 48(a0)\n" \
                "lw s1, 72(a0)\n lw s2, 76(a0)\n lw s3, 80(a0)\n lw s4, 84(a0)\n" \
                "lw s5, 108(a0)\n lw s6, 112(a0)\n lw s7, 116(a0)\n lw s8, 120(a0)\n" \
                "lw a5, 36(s9)\n mv a1, ra\n add a2, a1, a5\n add a3, a2, a5\n add ra, a3, a5\n lw s11, 4(s9)\n" DG_RV_LOAD("s10", "0") \
                "6: " DG_RV_L "a0, 0(s10)\n addi s10, s10, " DG_RV_Z "\n lw a4, 0(s9)\n neg a5, a4\n andi a5, a5, 3\n add a4, a0, a4\n sub a0, a0, a5\n slli a6, a5, 2\n" \
                "sub a1, a1, a6\n sub a2, a2, a6\n sub a3, a3, a6\n sub ra, ra, a6\n" \
                DG_RV_LOOP(DG_RV_STEP1(load), "196", "addi a1, a1, 16\n addi a2, a2, 16\n addi a3, a3, 16\n") "addi s11, s11, -1\n bnez s11, 6b\n" \
                "lw a3, 24(s9)\n lw a4, 28(s9)\n lw a5, 32(s9)\n lw a6, 20(s9)\n" DG_RV_LOAD("a0", "1") DG_RV_LOAD("a1", "3") \
                DG_RV_SCALE("t0", "16", "32") DG_RV_SCALE("t1", "20", "33") DG_RV_SCALE("t2", "24", "34") DG_RV_SCALE("t3", "28", "35") \
                DG_RV_SCALE("t4", "52", "68") DG_RV_SCALE("t5", "56", "69") DG_RV_SCALE("t6", "60", "70") DG_RV_SCALE("s0", "64", "71") \
                DG_RV_SCALE("s1", "88", "104") DG_RV_SCALE("s2", "92", "105") DG_RV_SCALE("s3", "96", "106") DG_RV_SCALE("s4", "100", "107") \
                DG_RV_SCALE("s5", "124", "140") DG_RV_SCALE("s6", "128", "141") DG_RV_SCALE("s7", "132", "142") DG_RV_SCALE("s8", "136", "143") \
                ".irp c, t0, t1, t2, t3, t4, t5, t6, s0, s1, s2, s3, s4, s5, s6, s7, s8\n" DG_RV_ROUND("\\c") "sb \\c, 0(a0)\n add a0, a0, a6\n .endr\n" \
                "addi a1, a1, 144\n" DG_RV_SAVE("a1", "3") DG_RV_SAVE("a0", "1") DG_RV_LOAD("a2", "6") "addi a2, a2, -16\n" DG_RV_SAVE("a2", "6") "li a5, 16\n bge a2, a5, 1b\n" DG_RV_LEAVE); \
    }

DG_RV_FOURS1(dg_rv_fours1_s, "lb")

DG_RV_FOURS1(dg_rv_fours1_u, "lbu")

/* dg_rv_pixel computes all channels of one pixel, sixteens of them by dg_rv_fours1. */
typedef void dg_rv_call(const void *const *runs, void *y, const dg_fours *a);
DG_INLINE void dg_rv_pixel(const void *const *runs, void *y, const dg_fours *a, dg_rv_call *one, int is_unsigned)
{
    const int32_t done = a->channels / 16 * 16;
    if (done > 0) {
        one(runs, y, a);
    }
    dg_fours b = *a;
    b.w += done / 4 * b.bytes;
    b.p += done / 4 * 9;
    b.channels -= done;
    dg_fours_pixel(runs, (uint8_t *)y + done * a->next_channel, &b, is_unsigned, 0, 1);
}

/* dg_rv_taps is what three rows of planes are read from: bytes from the planes of a channel to those of the next one, and those of the first; and what is written: `pixels`,
 * `stride` bytes apart, of `channels` next to each other, within bounds. */
typedef struct {
    int32_t next[3], pixels, stride, channels, low, high;
    const void *plane[3];
} dg_rv_taps;

/* Three taps, weights w0-w2, of four pixels, or of two, next to each other or two apart. */
#define DG_RV_TAP(s, v, w) DG_RV_MAC(s, v, w, "t6")
#define DG_RV_TAPS2_1(load, p, w0, w1, w2) \
    load " t4, 0(" p ")\n " load " t5, 1(" p ")\n" DG_RV_TAP("t0", "t4", w0) DG_RV_TAP("t0", "t5", w1) DG_RV_TAP("t1", "t5", w0) \
    load " t4, 2(" p ")\n " load " t5, 3(" p ")\n" DG_RV_TAP("t0", "t4", w2) DG_RV_TAP("t1", "t4", w1) DG_RV_TAP("t1", "t5", w2)
#define DG_RV_TAPS4_1(load, p, w0, w1, w2) \
    DG_RV_TAPS2_1(load, p, w0, w1, w2) DG_RV_TAP("t2", "t4", w0) DG_RV_TAP("t2", "t5", w1) DG_RV_TAP("t3", "t5", w0) \
    load " t4, 4(" p ")\n " load " t5, 5(" p ")\n addi " p ", " p ", 4\n" DG_RV_TAP("t2", "t4", w2) DG_RV_TAP("t3", "t4", w1) DG_RV_TAP("t3", "t5", w2)
#define DG_RV_TAPS2_2(load, p, w0, w1, w2) \
    load " t4, 0(" p ")\n " load " t5, 1(" p ")\n" DG_RV_TAP("t0", "t4", w0) DG_RV_TAP("t0", "t5", w1) load " t4, 2(" p ")\n " load " t5, 3(" p ")\n" \
    DG_RV_TAP("t0", "t4", w2) DG_RV_TAP("t1", "t4", w0) DG_RV_TAP("t1", "t5", w1) load " t4, 4(" p ")\n" DG_RV_TAP("t1", "t4", w2)
#define DG_RV_TAPS4_2(load, p, w0, w1, w2) \
    DG_RV_TAPS2_2(load, p, w0, w1, w2) load " t5, 5(" p ")\n" DG_RV_TAP("t2", "t4", w0) DG_RV_TAP("t2", "t5", w1) load " t4, 6(" p ")\n " load " t5, 7(" p ")\n" \
    DG_RV_TAP("t2", "t4", w2) DG_RV_TAP("t3", "t4", w0) DG_RV_TAP("t3", "t5", w1) load " t4, 8(" p ")\n addi " p ", " p ", 8\n" DG_RV_TAP("t3", "t4", w2)
#define DG_RV_ROWS(taps, load) taps(load, "a1", "s0", "s1", "s2") taps(load, "a2", "s3", "s4", "s5") taps(load, "a3", "s6", "s7", "s8")
#define DG_RV_FIT(a) DG_RV_HIGH(a, "s9") "add " a ", " a ", s11\n sra " a ", " a ", s10\n srai " a ", " a ", 1\n" DG_RV_BOUND(a, "a5", "a6")

/* dg_rv_taps3 computes all pixels of all channels. w has for each channel bias, multiplier, shift, what is added for rounding and the zero point, and
 * three words of four weights. Frame: 0 a, 1 y. */
#define DG_RV_TAPS3(name, four, two, load) \
    DG_ALONE void name(const uint32_t *w __attribute__((unused)), dg_rv_taps *a __attribute__((unused)), void *y __attribute__((unused))) \
    { \
        __asm__(DG_RV_ENTER DG_RV_SAVE("a1", "0") DG_RV_SAVE("a2", "1") \
                "1: lb s0, 16(a0)\n lb s1, 17(a0)\n lb s2, 18(a0)\n lb s3, 20(a0)\n lb s4, 21(a0)\n lb s5, 22(a0)\n lb s6, 24(a0)\n lb s7, 25(a0)\n lb s8, 26(a0)\n" \
                "lw s9, 4(a0)\n lw s10, 8(a0)\n lw s11, 12(a0)\n" DG_RV_LOAD("t0", "0") DG_RV_LOAD("a4", "1") "lw a7, 12(t0)\n lw ra, 16(t0)\n lw a5, 24(t0)\n lw a6, 28(t0)\n" \
                DG_RV_L "a1, 32(t0)\n " DG_RV_L "a2, 32+" DG_RV_Z "(t0)\n " DG_RV_L "a3, 32+2*" DG_RV_Z "(t0)\n" \
                "2: lw t0, 0(a0)\n mv t1, t0\n li t4, 3\n blt a7, t4, 3f\n mv t2, t0\n mv t3, t0\n" \
                DG_RV_ROWS(four, load) ".irp c, t0, t1, t2, t3\n" DG_RV_FIT("\\c") ".endr\n" \
                "sb t0, 0(a4)\n add a4, a4, ra\n sb t1, 0(a4)\n add a4, a4, ra\n sb t2, 0(a4)\n addi a7, a7, -4\n bltz a7, 4f\n add a4, a4, ra\n sb t3, 0(a4)\n add a4, a4, ra\n bgtz a7, 2b\n j 4f\n" \
                "3:\n" DG_RV_ROWS(two, load) ".irp c, t0, t1\n" DG_RV_FIT("\\c") ".endr\n sb t0, 0(a4)\n li t4, 2\n blt a7, t4, 4f\n add a4, a4, ra\n sb t1, 0(a4)\n" \
                "4: " DG_RV_LOAD("t0", "0") DG_RV_LOAD("a4", "1") "lw t1, 0(t0)\n lw t2, 4(t0)\n lw t3, 8(t0)\n " \
                DG_RV_L "a1, 32(t0)\n " DG_RV_L "a2, 32+" DG_RV_Z "(t0)\n " DG_RV_L "a3, 32+2*" DG_RV_Z "(t0)\n add a1, a1, t1\n add a2, a2, t2\n add a3, a3, t3\n" \
                DG_RV_S "a1, 32(t0)\n " DG_RV_S "a2, 32+" DG_RV_Z "(t0)\n " DG_RV_S "a3, 32+2*" DG_RV_Z "(t0)\n" \
                "addi a4, a4, 1\n addi a0, a0, 28\n lw t1, 20(t0)\n addi t1, t1, -1\n sw t1, 20(t0)\n" DG_RV_SAVE("a4", "1") "bnez t1, 1b\n" DG_RV_LEAVE); \
    }

/* dg_rv_taps3_1 is for a stride of 1, dg_rv_taps3_2 for 2; s is for int8_t, u for uint8_t. */
DG_RV_TAPS3(dg_rv_taps3_1s, DG_RV_TAPS4_1, DG_RV_TAPS2_1, "lb")

DG_RV_TAPS3(dg_rv_taps3_1u, DG_RV_TAPS4_1, DG_RV_TAPS2_1, "lbu")

DG_RV_TAPS3(dg_rv_taps3_2s, DG_RV_TAPS4_2, DG_RV_TAPS2_2, "lb")

DG_RV_TAPS3(dg_rv_taps3_2u, DG_RV_TAPS4_2, DG_RV_TAPS2_2, "lbu")

#endif
