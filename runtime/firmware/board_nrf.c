/* board_nrf.c: Nordic nRF51 and nRF52 (product specifications, UART and CLOCK): the UART without DMA, which both have. */
#include "board.h"
#if defined(__ARM_ARCH_6M__)
#include "cycles_systick.h"
#else
#include "cycles_dwt.h"
#endif

#define REG(offset) (*(volatile uint32_t *)(0x40002000u + (offset)))
#define CLOCK(offset) (*(volatile uint32_t *)(0x40000000u + (offset)))

void board_init(void)
{
    CLOCK(0x000) = 1;           /* TASKS_HFCLKSTART: the crystal, for an exact baud rate */
    while (!CLOCK(0x100)) {     /* EVENTS_HFCLKSTARTED */
    }
    REG(0x50C) = BOARD_TX_PIN;  /* PSELTXD */
    REG(0x514) = BOARD_RX_PIN;  /* PSELRXD */
    REG(0x524) = 0x01D7E000u;   /* BAUDRATE: 115200 */
    REG(0x500) = 4;             /* ENABLE */
    REG(0x000) = 1;             /* TASKS_STARTRX */
    REG(0x008) = 1;             /* TASKS_STARTTX */
}

int board_get(void)
{
    while (!REG(0x108)) { /* EVENTS_RXDRDY */
    }
    REG(0x108) = 0;
    return (int)(REG(0x518) & 255);
}

void board_put(uint8_t byte)
{
    REG(0x11C) = 0; /* EVENTS_TXDRDY */
    REG(0x51C) = byte;
    while (!REG(0x11C)) {
    }
}

void board_flush(void) {}
