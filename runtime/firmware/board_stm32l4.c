/* board_stm32l4.c: Nucleo-L4R5ZI on its 4 MHz internal oscillator, as it is after a reset (RM0432): LPUART1 on PG7 and PG8, which
 * ST-LINK shows to the host as a serial port. Port G has a supply of its own, which must be declared valid. */
#define BOARD_UART 0x40008000u
#include "board.h"
#include "cycles_dwt.h"
#include "stm32_usart.h"

enum { RCC = 0x40021000, PWR = 0x40007000, GPIOG = 0x48001800 };

void board_init(void)
{
    R32(RCC + 0x58u) |= 1u << 28; /* APB1ENR1: PWR */
    R32(RCC + 0x4Cu) |= 1u << 6;  /* AHB2ENR: GPIOG */
    R32(RCC + 0x5Cu) |= 1u;       /* APB1ENR2: LPUART1 */
    (void)R32(RCC + 0x5Cu);       /* the clocks need two cycles */
    R32(PWR + 0x04u) |= 1u << 9;  /* CR2: IOSV */
    alternate(GPIOG, 7, 8);
    alternate(GPIOG, 8, 8);
    usart_on((uint32_t)((256u * 4000000ull + BOARD_BAUD / 2) / BOARD_BAUD)); /* LPUART counts in 256ths */
}
