/* stm32_usart.h: the USART of STM32F7, L4 and later (RM0385, RM0432, USART registers), for a driver that has set clocks and pins. */
#include <stdint.h>

#define R32(address) (*(volatile uint32_t *)(address))

/* alternate makes a pin of a port serve function f (MODER, AFRL and AFRH). */
static void alternate(uint32_t port, uint32_t pin, uint32_t f)
{
    const uint32_t afr = port + 0x20u + 4 * (pin / 8), shift = 4 * (pin % 8);
    R32(port) = (R32(port) & ~(3u << 2 * pin)) | 2u << 2 * pin;
    R32(afr) = (R32(afr) & ~(15u << shift)) | f << shift;
}

static void usart_on(uint32_t divider)
{
    R32(BOARD_UART + 0x0Cu) = divider;                  /* BRR */
    R32(BOARD_UART + 0x00u) = 1u << 3 | 1u << 2 | 1u;   /* CR1: TE, RE, UE */
}

int board_get(void)
{
    while (!(R32(BOARD_UART + 0x1Cu) & 1u << 5)) { /* ISR: RXNE */
    }
    return (int)(R32(BOARD_UART + 0x24u) & 255);
}

void board_put(uint8_t byte)
{
    while (!(R32(BOARD_UART + 0x1Cu) & 1u << 7)) { /* ISR: TXE */
    }
    R32(BOARD_UART + 0x28u) = byte;
}

void board_flush(void) {}
