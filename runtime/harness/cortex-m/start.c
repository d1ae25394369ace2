/* Start-up of a bare Cortex-M: vectors, FPU, data. */
#include <stdint.h>
#include <string.h>

extern char __stack_top[], __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
int main(void);
void dg_reset(void);
void dg_systick(void);
__attribute__((weak)) void dg_systick(void) {}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    __stack_top, (void *)dg_reset, (void *)dg_reset, (void *)dg_reset, (void *)dg_reset, (void *)dg_reset, (void *)dg_reset,
    [15] = (void *)dg_systick,
};

void dg_reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: full access to the FPU */
    __asm__ volatile("dsb\n isb");
#endif
    memcpy(__data_start, __data_load, (size_t)(__data_end - __data_start));
    memset(__bss_start, 0, (size_t)(__bss_end - __bss_start));
    main();
    for (;;) {
    }
}
