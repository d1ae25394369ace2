/* Measures the stack by painting what is free of it. The platform defines dg_stack_low, the lowest address that the stack may
 * reach. */
#ifndef STACK_H
#define STACK_H

static uintptr_t dg_stack_from;

__attribute__((noinline)) static void dg_stack_paint(void)
{
    uint8_t here;
    const uintptr_t low = dg_stack_low();
    dg_stack_from = (uintptr_t)&here;
    for (volatile uint8_t *p = (volatile uint8_t *)(dg_stack_from - 48); (uintptr_t)p > low; p--) {
        *p = 0xa5;
    }
}

__attribute__((noinline)) static uint32_t dg_stack_used(void)
{
    uintptr_t p = dg_stack_low() + 1;
    while (p < dg_stack_from && *(volatile uint8_t *)p == 0xa5) {
        p++;
    }
    return (uint32_t)(dg_stack_from - p);
}
#endif
