/* Runs a model on test cases that are built into the program, and prints what it computes:
 *   o CASE OUTPUT HEX      bytes of an output, in the machine's order
 *   t NODE HASH            FNV-1a hash of a node's output, in the first case, with DG_TRACE_NODES
 *   c CASE CYCLES          where the platform counts cycles itself
 *   s BYTES                stack used by the deepest run, where the platform can tell
 *   e CASE CODE            the model returned an error
 *   done
 * cases.h, which is made for the model, defines CASES, ARENA_BYTES, INPUTS, OUTPUTS, the buffers, and RUN(arena). */
#include "platform.h"

static void trace(int node, const void *p, uint32_t n);
#include "cases.h"

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

static int tracing;

static void trace(int node, const void *p, uint32_t n)
{
    const uint8_t *b = (const uint8_t *)p;
    uint32_t h = 2166136261u;
    if (!tracing) {
        return;
    }
    while (n-- > 0) {
        h = (h ^ *b++) * 16777619u;
    }
    put_text("t ");
    put_number((uint32_t)node);
    put_number(h);
    dg_putc('\n');
}

int main(void)
{
    uint32_t used = 0;
    (void)trace;
    dg_init();
    for (uint32_t i = 0; i < CASES; i++) {
        load_case(i);
        tracing = i == 0;
        dg_stack_paint();
        dg_count_start();
        const int code = RUN(arena);
        const uint32_t cycles = dg_count_stop();
        const uint32_t stack = dg_stack_used();
        used = stack > used ? stack : used;
        if (code != 0) {
            put_text("e ");
            put_number(i);
            put_number((uint32_t)code);
            dg_putc('\n');
        }
        for (uint32_t k = 0; k < OUTPUTS; k++) {
            put_text("o ");
            put_number(i);
            put_number(k);
            for (uint32_t j = 0; j < output_bytes[k]; j++) {
                put_hex(((const uint8_t *)outputs[k])[j]);
            }
            dg_putc('\n');
        }
        if (cycles != 0) {
            put_text("c ");
            put_number(i);
            put_number(cycles);
            dg_putc('\n');
        }
    }
    if (used != 0) {
        put_text("s ");
        put_number(used);
        dg_putc('\n');
    }
    put_text("done\n");
    dg_exit(0);
    return 0;
}
