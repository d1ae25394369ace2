/* pl011.h: Arm's PL011 UART (DDI 0183), for a driver that has set clocks and pins: BOARD_UART is its address, BOARD_UART_HZ its clock,
 * BOARD_UART_CR more bits of its control register. */
#include <stdint.h>

#define R32(address) (*(volatile uint32_t *)(address))

static void uart_on(void)
{
    const uint32_t divider = (4u * BOARD_UART_HZ + BOARD_BAUD / 2) / BOARD_BAUD; /* in 64ths */
    R32(BOARD_UART + 0x24u) = divider >> 6;              /* IBRD */
    R32(BOARD_UART + 0x28u) = divider & 63;              /* FBRD */
    R32(BOARD_UART + 0x2Cu) = 3u << 5 | 1u << 4;         /* LCR_H: 8 bits, FIFOs */
    R32(BOARD_UART + 0x30u) = BOARD_UART_CR | 3u << 8 | 1u; /* CR: RXE, TXE, UARTEN */
}

int board_get(void)
{
    while (R32(BOARD_UART + 0x18u) & 1u << 4) { /* FR: RXFE */
    }
    return (int)(R32(BOARD_UART) & 255);
}

void board_put(uint8_t byte)
{
    while (R32(BOARD_UART + 0x18u) & 1u << 5) { /* FR: TXFF */
    }
    R32(BOARD_UART) = byte;
}

void board_flush(void) {}
