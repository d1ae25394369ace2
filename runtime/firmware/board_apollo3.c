/* board_apollo3.c: Ambiq Apollo3 Blue (data sheet, PWRCTRL, CLKGEN, GPIO and UART) at 48 MHz: UART0 on pads 48 and 49. */
#define BOARD_UART 0x4001C000u
#define BOARD_UART_HZ 24000000u
#define BOARD_UART_CR (1u << 4 | 1u << 3) /* CLKSEL: 24 MHz; CLKEN */
#include "board.h"
#include "cycles_dwt.h"
#include "pl011.h"

enum { CLKGEN = 0x40004000, GPIO = 0x40010000, PWRCTRL = 0x40021000 };

void board_init(void)
{
    R32(CLKGEN + 0x14u) = 0x47;    /* CLKKEY */
    R32(CLKGEN + 0x18u) = 0;       /* CCTRL: the core at 48 MHz */
    R32(CLKGEN + 0x14u) = 0;
    R32(PWRCTRL + 0x08u) |= 1u << 7;            /* DEVPWREN: UART0 */
    while (!(R32(PWRCTRL + 0x18u) & 1u << 2)) { /* DEVPWRSTATUS: HCPA, the domain of the UARTs */
    }
    R32(GPIO + 0x60u) = 0x73;      /* PADKEY */
    R32(GPIO + 0x30u) = (R32(GPIO + 0x30u) & ~0xFFFFu) | 0x0200u; /* PADREGM: pads 48 and 49, function 0; 49 reads */
    R32(GPIO + 0x60u) = 0;
    R32(BOARD_UART + 0x30u) = BOARD_UART_CR;    /* its registers need its clock */
    uart_on();
}
