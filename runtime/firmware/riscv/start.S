# Start-up of a RISC-V microcontroller: one hart runs, the others sleep; stack, FPU, data.
    .section .text.start
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    .word 0xF1402573            # csrr a0, mhartid. Spelled out, since a core without Zicsr has no such word
1:  bnez a0, 1b
    la sp, __stack_top
    li t0, 0x2000
    .word 0x3002a073            # csrs mstatus, t0: FPU on
    la a0, __data_start
    la a1, __data_load
    la a2, __data_end
    j 3f
2:  lw t0, 0(a1)
    sw t0, 0(a0)
    addi a0, a0, 4
    addi a1, a1, 4
3:  beq a0, a1, 4f
    bltu a0, a2, 2b
4:  la a0, __bss_start
    la a2, __bss_end
5:  bgeu a0, a2, 6f
    sw zero, 0(a0)
    addi a0, a0, 4
    j 5b
6:  call main
7:  j 7b
