/* A program on an operating system. */
#ifndef PLATFORM_H
#define PLATFORM_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HROM
static void dg_init(void) {}
static void dg_putc(char c) { putchar(c); }
static void dg_exit(int code) { fflush(stdout); exit(code); }
static void dg_stack_paint(void) {}
static uint32_t dg_stack_used(void) { return 0; }
#ifdef __aarch64__ /* the markers of runtime/harness/cyclemodel, which do nothing */
static void dg_count_start(void) { __asm__ volatile("hint #101" ::: "memory"); }
static uint32_t dg_count_stop(void)
{
    __asm__ volatile("hint #102" ::: "memory");
    return 0;
}
#else
static void dg_count_start(void) {}
static uint32_t dg_count_stop(void) { return 0; }
#endif
#endif
