# Start-up of a bare RISC-V: stack, FPU, data.
    .section .text.start
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    li t0, 0x2000
    .word 0x3002a073            # csrs mstatus, t0: FPU on. Spelled out, since a core without Zicsr has no such word
    la t0, __bss_start
    la t1, __bss_end
1:  bgeu t0, t1, 2f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 1b
2:  call main
3:  j 3b
