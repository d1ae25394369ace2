/* Runs models one after the other on a board, with inputs that are built in, and prints what they compute:
 *   o MODEL OUTPUT HEX     bytes of an output, in the machine's order; lines + HEX are more of them
 *   e MODEL CODE           the model returned an error, or 1000 where it wrote behind a buffer
 *   done
 * table.h, which is made for the models, has them, OUTPUTS, the most that one has, and POOL_BYTES, what the buffers of one take. */
#include "platform.h"
#include "print.h"

#define GUARD 16 /* bytes behind each buffer that must stay as they are */

typedef struct {
    uint32_t number;
    int (*run)(void *arena, void *const *outputs);
    uint32_t buffers;      /* the arena and the outputs */
    const uint32_t *bytes; /* of each */
} model;

#include "table.h"

static uint8_t pool[POOL_BYTES] __attribute__((aligned(16)));

/* untouched reports whether the bytes behind a buffer, up to the next one, are still those that were there. */
static int untouched(uint32_t from, uint32_t to)
{
    while (from < to && pool[from] == 0xa5) {
        from++;
    }
    return from == to;
}

/* run puts the arena and the outputs into the pool, rubbish in and behind them. */
static void run(const model *m)
{
    uint32_t at[OUTPUTS + 2] = { 0 };
    void *outputs[OUTPUTS + 1];
    for (uint32_t k = 0; k < m->buffers; k++) {
        at[k + 1] = (at[k] + m->bytes[k] + GUARD + 15) & ~15u;
        outputs[k] = pool + at[k + 1];
    }
    memset(pool, 0xa5, at[m->buffers]);
    int code = m->run(pool, outputs);
    for (uint32_t k = 0; k < m->buffers; k++) {
        if (!untouched(at[k] + m->bytes[k], at[k + 1])) {
            code = 1000;
        }
    }
    if (code != 0) {
        put_line("e ", m->number, (uint32_t)code);
    }
    for (uint32_t k = 1; k < m->buffers; k++) {
        put_output(m->number, k - 1, pool + at[k], m->bytes[k]);
    }
}

int main(void)
{
    dg_init();
    for (uint32_t i = 0; i < sizeof models / sizeof *models; i++) {
        run(&models[i]);
    }
    put_text("done\n");
    dg_exit(0);
    return 0;
}
