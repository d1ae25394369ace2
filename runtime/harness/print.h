/* What the programs around models print, by the platform's dg_putc. */
#ifndef PRINT_H
#define PRINT_H
#include "platform.h"

static void put_text(const char *s)
{
    while (*s != 0) {
        dg_putc(*s++);
    }
}

static void put_number(uint32_t v)
{
    char digits[11];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0) {
        dg_putc(digits[--n]);
    }
    dg_putc(' ');
}

static void put_hex(uint8_t v)
{
    static const char digits[] = "0123456789abcdef";
    dg_putc(digits[v >> 4]);
    dg_putc(digits[v & 15]);
}

/* put_line prints a line of a word and two numbers. */
static void put_line(const char *kind, uint32_t a, uint32_t b)
{
    put_text(kind);
    put_number(a);
    put_number(b);
    dg_putc('\n');
}

/* put_output prints "o A B HEX": the bytes of an output, and lines "+ HEX" of more of them: emulators cut long lines. */
static void put_output(uint32_t a, uint32_t b, const uint8_t *data, uint32_t bytes)
{
    put_text("o ");
    put_number(a);
    put_number(b);
    for (uint32_t i = 0; i < bytes; i++) {
        if (i > 0 && i % 96 == 0) {
            put_text("\n+ ");
        }
        put_hex(data[i]);
    }
    dg_putc('\n');
}
#endif
