/* Runs models one after the other, from the one whose number is the argument on. Inputs come from standard input, outputs go
 * to standard output. Every buffer has its exact size, so that AddressSanitizer sees each step outside. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERS 64

typedef struct {
    int32_t number;
    int (*run)(void *arena, void **buffers);
    size_t arena;
    int inputs, outputs;
    size_t bytes[BUFFERS + 1];
} model;

#include "table.h"

/* buffer returns memory of a size, aligned as the arena must be, with rubbish in it. */
static void *buffer(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);
    if (p == NULL) {
        exit(2);
    }
    memset(p, 0xa5, n);
    return p;
}

static void run(const model *m)
{
    void *arena = buffer(m->arena), *buffers[BUFFERS];
    for (int i = 0; i < m->inputs + m->outputs; i++) {
        buffers[i] = buffer(m->bytes[i]);
        if (i < m->inputs && fread(buffers[i], 1, m->bytes[i], stdin) != m->bytes[i]) {
            exit(3);
        }
    }
    const int32_t head[2] = {m->number, m->run(arena, buffers)};
    fwrite(head, sizeof head, 1, stdout);
    for (int i = 0; i < m->inputs + m->outputs; i++) {
        if (i >= m->inputs) {
            fwrite(buffers[i], 1, m->bytes[i], stdout);
        }
        free(buffers[i]);
    }
    fflush(stdout);
    free(arena);
}

int main(int argc, char **argv)
{
    const size_t n = sizeof models / sizeof *models;
    for (size_t i = argc > 1 ? strtoul(argv[1], NULL, 10) : 0; i < n; i++) {
        run(&models[i]);
    }
    return 0;
}
