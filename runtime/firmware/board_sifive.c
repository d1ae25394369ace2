/* board_sifive.c: SiFive's UART (FE310-G002 manual, UART): HiFive1, and as UARTHS the K210. */
#include "board.h"

#define REG(offset) (*(volatile uint32_t *)(BOARD_UART + (offset)))

void board_init(void)
{
#ifdef BOARD_IOF /* FE310: pins 16 and 17 belong to the UART; the clock is the 16 MHz crystal, without the PLL */
    *(volatile uint32_t *)0x10008000u &= ~(1u << 30);          /* hfrosccfg stays on until the crystal runs */
    *(volatile uint32_t *)0x10008000u |= 1u << 30;
    *(volatile uint32_t *)0x10008004u |= 1u << 30;             /* hfxosccfg: on */
    while (!(*(volatile uint32_t *)0x10008004u & 1u << 31)) {  /* ready */
    }
    *(volatile uint32_t *)0x10008008u = 1u << 18 | 1u << 17 | 1u << 16; /* pllcfg: bypass, crystal, selected */
    *(volatile uint32_t *)0x1001203Cu &= ~(3u << 16);          /* iof_sel */
    *(volatile uint32_t *)0x10012038u |= 3u << 16;             /* iof_en */
#endif
#ifdef BOARD_K210 /* pins 4 and 5 are the UART's; the clock is the 26 MHz crystal, without the PLL */
    *(volatile uint32_t *)0x50440020u &= ~1u;                  /* clk_sel0: the crystal */
    *(volatile uint32_t *)0x5044002Cu |= 1u << 20;             /* clk_en_peri: the pin multiplexer */
    *(volatile uint32_t *)0x502B0010u = 18u | 1u << 20 | 1u << 23;           /* UARTHS_RX, input on, Schmitt trigger */
    *(volatile uint32_t *)0x502B0014u = 19u | 15u << 8 | 1u << 12;           /* UARTHS_TX, output on */
#endif
    REG(0x18) = (BOARD_CLOCK_HZ + BOARD_BAUD / 2) / BOARD_BAUD - 1; /* div */
    REG(0x08) = 1; /* txctrl: on */
    REG(0x0C) = 1; /* rxctrl: on */
}

int board_get(void)
{
    uint32_t v;
    do {
        v = REG(0x04); /* rxdata: bit 31 is "empty" */
    } while (v >> 31);
    return (int)(v & 255);
}

void board_put(uint8_t byte)
{
    while (REG(0x00) >> 31) { /* txdata: full */
    }
    REG(0x00) = byte;
}

void board_flush(void) {}

static uint32_t started;

static uint32_t mcycle(void)
{
    register unsigned long v __asm__("a0");
    __asm__ volatile(".word 0xB0002573" : "=r"(v)); /* csrr a0, mcycle; spelled out as in start.S */
    return (uint32_t)v;
}

void board_count_start(void) { started = mcycle(); }
uint32_t board_count_stop(void) { return mcycle() - started; }
