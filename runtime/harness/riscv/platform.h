/* QEMU's bare RISC-V board virt: output by its UART. */
#ifndef PLATFORM_H
#define PLATFORM_H
#include <stdint.h>
#include <string.h>
#define HROM
static void dg_init(void) {}
static void dg_putc(char c) { *(volatile uint8_t *)0x10000000u = (uint8_t)c; }
static void dg_exit(int code)
{
    *(volatile uint32_t *)0x100000u = code == 0 ? 0x5555u : (uint32_t)code << 16 | 0x3333u;
    for (;;) {
    }
}

extern char __stack_low[];
static uintptr_t dg_stack_low(void) { return (uintptr_t)__stack_low; }
#include "stack.h"

/* The markers of runtime/harness/cyclemodel: slti x0, x0, 1 and 2, which do nothing. */
static void dg_count_start(void) { __asm__ volatile(".word 0x00102013" ::: "memory"); }
static uint32_t dg_count_stop(void)
{
    __asm__ volatile(".word 0x00202013" ::: "memory");
    return 0;
}
#endif
