/* cycles_systick.h: SysTick as a cycle counter, for Cortex-M0, which has no other. Its interrupt counts the wraps. */
#include <stdint.h>

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

static volatile uint32_t wraps;
void dg_systick(void) { wraps++; }

void board_count_start(void)
{
    wraps = 0;
    SYST_RVR = 0xFFFFFFu;
    SYST_CVR = 0;
    SYST_CSR = 7; /* processor clock, interrupt, enabled */
}

uint32_t board_count_stop(void)
{
    SYST_CSR = 5;
    return wraps * 0x1000000u + (0xFFFFFFu - SYST_CVR);
}
