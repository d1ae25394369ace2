/* An AVR under simavr: output by UART 0; sleeping with interrupts off ends the simulation. */
#ifndef PLATFORM_H
#define PLATFORM_H
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdint.h>
#include <string.h>
#define HROM __memx

static volatile uint16_t dg_overflows;
ISR(TIMER1_OVF_vect) { dg_overflows++; }

static void dg_init(void) { UCSR0B = 1 << TXEN0; }

static void dg_putc(char c)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)c;
}

static void dg_exit(int code)
{
    (void)code;
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    cli();
    sleep_enable();
    for (;;) {
        sleep_cpu();
    }
}

extern char __heap_start[];
static uintptr_t dg_stack_low(void) { return (uintptr_t)__heap_start; }
#include "stack.h"

static void dg_count_start(void)
{
    dg_overflows = 0;
    TCCR1A = 0;
    TCNT1 = 0;
    TIFR1 = 1 << TOV1;
    TIMSK1 = 1 << TOIE1;
    sei();
    TCCR1B = 1 << CS10;
}

static uint32_t dg_count_stop(void)
{
    cli();
    const uint16_t low = TCNT1;
    TCCR1B = 0;
    return (uint32_t)dg_overflows << 16 | low;
}
#endif
