/* Runs a model: a number on standard input is answered by the nanoseconds that so many calls took. bench.h, which is made for the model,
 * defines ARENA_BYTES, ARENA_ALIGN, the buffers and RUN(arena). */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "bench.h"

static uint8_t arena[ARENA_BYTES] __attribute__((aligned(64)));

int main(void)
{
    char line[32];
    fill();
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct timespec from, to;
        int failed = RUN(arena);
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (long i = atol(line); i > 0; i--) {
            failed |= RUN(arena);
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        if (failed != 0) {
            return 1;
        }
        printf("%lld\n", (long long)(to.tv_sec - from.tv_sec) * 1000000000 + (to.tv_nsec - from.tv_nsec));
        fflush(stdout);
    }
    return 0;
}
