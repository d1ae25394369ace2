/* board_stm32f4.c: STM32F4 on its 16 MHz internal oscillator, as it is after a reset (RM0368, RCC, GPIO and USART). */
#include "board.h"
#include "cycles_dwt.h"

#define R32(address) (*(volatile uint32_t *)(address))

enum { RCC = 0x40023800, GPIOA = 0x40020000 };

void board_init(void)
{
    R32(RCC + 0x30u) |= 1u;                    /* AHB1ENR: GPIOA */
    R32(RCC + BOARD_UART_ENABLE) |= BOARD_UART_BIT;
    (void)R32(RCC + 0x30u);                    /* the clock needs two cycles */
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t pin = i == 0 ? BOARD_TX_PIN : BOARD_RX_PIN;
        R32(GPIOA + 0x00u) = (R32(GPIOA + 0x00u) & ~(3u << 2 * pin)) | 2u << 2 * pin; /* MODER: alternate function */
        R32(GPIOA + 0x20u + 4 * (pin / 8)) = (R32(GPIOA + 0x20u + 4 * (pin / 8)) & ~(15u << 4 * (pin % 8))) | 7u << 4 * (pin % 8);
    }
    R32(BOARD_UART + 0x08u) = (16000000u + BOARD_BAUD / 2) / BOARD_BAUD; /* BRR */
    R32(BOARD_UART + 0x0Cu) = 1u << 13 | 1u << 3 | 1u << 2;              /* CR1: UE, TE, RE */
}

int board_get(void)
{
    while (!(R32(BOARD_UART + 0x00u) & 1u << 5)) { /* SR: RXNE */
    }
    return (int)(R32(BOARD_UART + 0x04u) & 255);
}

void board_put(uint8_t byte)
{
    while (!(R32(BOARD_UART + 0x00u) & 1u << 7)) { /* SR: TXE */
    }
    R32(BOARD_UART + 0x04u) = byte;
}

void board_flush(void) {}
