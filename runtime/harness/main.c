/* Runs a model on test cases that are built into the program, and prints what it computes:
 *   o CASE OUTPUT HEX      bytes of an output, in the machine's order
 *   t NODE HASH            FNV-1a hash of a node's output, or of the next row of it, in the first case, where the model is traced
 *   l NODE CYCLES          likewise with DG_COUNT_LAYERS: the node ran, and where the platform counts cycles itself, so long
 *   c CASE CYCLES          where the platform counts cycles itself
 *   s BYTES                stack used by the deepest run, where the platform can tell
 *   e CASE CODE            the model returned an error
 *   done
 * cases.h, which is made for the model, defines CASES, INPUTS, OUTPUTS, the buffers, and RUN. */
#include "platform.h"
#include "trace.h"
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

static void put_line(const char *kind, uint32_t a, uint32_t b)
{
    put_text(kind);
    put_number(a);
    put_number(b);
    dg_putc('\n');
}

#ifdef DG_COUNT_LAYERS
void dg_trace(int node, const void *output, uint32_t bytes)
{
    (void)output;
    (void)bytes;
    if (tracing) {
        const uint32_t cycles = dg_count_stop();
        put_line("l ", (uint32_t)node, cycles);
        dg_count_start();
    }
}
#else
void dg_trace(int node, const void *output, uint32_t bytes)
{
    const uint8_t *b = (const uint8_t *)output;
    uint32_t h = 2166136261u;
    if (!tracing) {
        return;
    }
    while (bytes-- > 0) {
        h = (h ^ *b++) * 16777619u;
    }
    put_line("t ", (uint32_t)node, h);
}
#endif

int main(void)
{
    uint32_t used = 0;
    dg_init();
    for (uint32_t i = 0; i < CASES; i++) {
        load_case(i);
        tracing = i == 0;
        dg_stack_paint();
        dg_count_start();
        const int code = RUN;
        const uint32_t cycles = dg_count_stop();
        const uint32_t stack = dg_stack_used();
        used = stack > used ? stack : used;
        if (code != 0) {
            put_line("e ", i, (uint32_t)code);
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
            put_line("c ", i, cycles);
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
