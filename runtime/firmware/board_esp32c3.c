/* board_esp32c3.c: Espressif ESP32-C3 (technical reference manual, watchdogs, UART, performance counter), started by its ROM straight
 * from flash, with the clock and the UART 0 at 115200 baud (GPIO 20 and 21) as the ROM leaves them. */
#include "board.h"

#define R32(address) (*(volatile uint32_t *)(address))

enum { UART = 0x60000000, RTC = 0x60008000, TIMER = 0x6001F000 };

void board_init(void)
{
    /* The ROM leaves its watchdogs on, against an image that hangs. */
    R32(RTC + 0xA8u) = 0x50D83AA1;      /* RTC_CNTL_WDTWPROTECT: its key */
    R32(RTC + 0x90u) = 0;               /* RTC_CNTL_WDTCONFIG0 */
    R32(RTC + 0xB0u) = 0x8F1D312A;      /* RTC_CNTL_SWD_WPROTECT: its key */
    R32(RTC + 0xACu) |= 1u << 31;       /* RTC_CNTL_SWD_CONF: feeds itself */
    R32(TIMER + 0x64u) = 0x50D83AA1;    /* TIMG_WDTWPROTECT: its key */
    R32(TIMER + 0x48u) = 0;             /* TIMG_WDTCONFIG0 */
}

int board_get(void)
{
    while (!(R32(UART + 0x1Cu) & 0x3FFu)) { /* UART_STATUS: RXFIFO_CNT */
    }
    return (int)(R32(UART) & 255);
}

void board_put(uint8_t byte)
{
    while ((R32(UART + 0x1Cu) >> 16 & 0x3FFu) >= 120) { /* TXFIFO_CNT; the FIFO has room for 128 */
    }
    R32(UART) = byte;
}

void board_flush(void) {}

/* The core has a performance counter of its own in place of mcycle. Its registers are spelled out, as in start.S. */
void board_count_start(void)
{
    __asm__ volatile(".word 0x7E00D073\n"   /* csrwi mpcer, 1: cycles */
                     ".word 0x7E10D073\n"   /* csrwi mpcmr, 1: on */
                     ".word 0x7E205073\n"); /* csrwi mpccr, 0 */
}

uint32_t board_count_stop(void)
{
    register uint32_t v __asm__("a0");
    __asm__ volatile(".word 0x7E202573" : "=r"(v)); /* csrr a0, mpccr */
    return v;
}
