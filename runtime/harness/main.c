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
#include "print.h"
#include "trace.h"
#include "cases.h"

static int tracing;

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
            put_output(i, k, (const uint8_t *)outputs[k], output_bytes[k]);
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
