/* cycles_dwt.h: the cycle counter of Cortex-M3 and larger (Armv7-M Architecture Reference Manual, C1.8). */
#include <stdint.h>

#define DEMCR (*(volatile uint32_t *)0xE000EDFCu)
#define DWT_LAR (*(volatile uint32_t *)0xE0001FB0u)
#define DWT_CTRL (*(volatile uint32_t *)0xE0001000u)
#define DWT_CYCCNT (*(volatile uint32_t *)0xE0001004u)

void board_count_start(void)
{
    DEMCR |= 1u << 24; /* TRCENA */
    DWT_LAR = 0xC5ACCE55u; /* Cortex-M7 locks it */
    DWT_CYCCNT = 0;
    DWT_CTRL |= 1u;
}

uint32_t board_count_stop(void) { return DWT_CYCCNT; }
