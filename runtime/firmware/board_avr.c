/* board_avr.c: ATmega328P and ATmega2560 (data sheets, USART and 16-bit timer): USART0 at 115200 baud, timer 1. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>

#include "board.h"

static volatile uint16_t overflows;
ISR(TIMER1_OVF_vect) { overflows++; }

void board_init(void)
{
    MCUSR = 0; /* a boot loader that started us by the watchdog may have left it on */
    wdt_disable();
    UCSR0A = 1 << U2X0;
    UBRR0 = (F_CPU + 4 * BOARD_BAUD) / (8 * BOARD_BAUD) - 1;
    UCSR0C = 1 << UCSZ01 | 1 << UCSZ00;
    UCSR0B = 1 << RXEN0 | 1 << TXEN0;
}

int board_get(void)
{
    while (!(UCSR0A & 1 << RXC0)) {
    }
    return UDR0;
}

void board_put(uint8_t byte)
{
    while (!(UCSR0A & 1 << UDRE0)) {
    }
    UDR0 = byte;
}

void board_flush(void) {}

void board_count_start(void)
{
    overflows = 0;
    TCCR1A = 0;
    TCNT1 = 0;
    TIFR1 = 1 << TOV1;
    TIMSK1 = 1 << TOIE1;
    sei();
    TCCR1B = 1 << CS10;
}

uint32_t board_count_stop(void)
{
    cli();
    const uint16_t low = TCNT1;
    TCCR1B = 0;
    if (TIFR1 & 1 << TOV1 && low < 0x8000) {
        overflows++;
    }
    return (uint32_t)overflows << 16 | low;
}
