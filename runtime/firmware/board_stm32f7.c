/* board_stm32f7.c: STM32F746G Discovery on its 16 MHz internal oscillator, as it is after a reset (RM0385): USART1 on PA9 and PB7,
 * which ST-LINK shows to the host as a serial port. */
#define BOARD_UART 0x40011000u
#include "board.h"
#include "cycles_dwt.h"
#include "stm32_usart.h"

enum { RCC = 0x40023800, GPIOA = 0x40020000, GPIOB = 0x40020400 };

void board_init(void)
{
    R32(RCC + 0x30u) |= 3u;      /* AHB1ENR: GPIOA, GPIOB */
    R32(RCC + 0x44u) |= 1u << 4; /* APB2ENR: USART1 */
    (void)R32(RCC + 0x44u);      /* the clocks need two cycles */
    alternate(GPIOA, 9, 7);
    alternate(GPIOB, 7, 7);
    usart_on((16000000u + BOARD_BAUD / 2) / BOARD_BAUD);
}
