/* A bare Cortex-M under QEMU: output by semihosting. */
#ifndef PLATFORM_H
#define PLATFORM_H
#include <stdint.h>
#include <string.h>
#define HROM

static int dg_semihost(int op, const void *arg)
{
    register int r0 __asm__("r0") = op;
    register const void *r1 __asm__("r1") = arg;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static char dg_line[256];
static unsigned dg_fill;

static void dg_putc(char c)
{
    dg_line[dg_fill++] = c;
    if (c == '\n' || dg_fill == sizeof dg_line - 1) {
        dg_line[dg_fill] = 0;
        dg_semihost(0x04, dg_line);
        dg_fill = 0;
    }
}

static void dg_init(void) {}

static void dg_exit(int code)
{
    const uint32_t block[2] = { 0x20026, (uint32_t)code };
    dg_semihost(0x20, block);
    for (;;) {
    }
}

extern char __stack_low[];
static uintptr_t dg_stack_low(void) { return (uintptr_t)__stack_low; }
#include "stack.h"

/* The markers of runtime/harness/cyclemodel: DBG #1 and DBG #2, which do nothing. */
static void dg_count_start(void) { __asm__ volatile(".inst.w 0xf3af80f1" ::: "memory"); }
static uint32_t dg_count_stop(void)
{
    __asm__ volatile(".inst.w 0xf3af80f2" ::: "memory");
    return 0;
}
#endif
