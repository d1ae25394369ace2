/* Damages sample files at random, in memory, and gives them to the readers of runtime/program, which must say what is
 * wrong and touch nothing else: usage: readers_fuzz RUNS FILE... It is built with sanitizers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

static uint32_t state = 1;

static uint32_t random32(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void damage(uint8_t *data, size_t *len)
{
    for (uint32_t n = random32() % 4; n > 0; n--) {
        const size_t at = random32() % (*len < 400 || random32() % 2 ? *len : 400); /* headers come first */
        data[at] = (uint8_t)(random32() % 3 ? random32() : 255);
    }
    if (random32() % 4 == 0) {
        *len = random32() % *len + 1;
    }
}

static const char *read_one(const char *path, dgp_bytes b, const dgp_value *to)
{
    dgp_sample s = {DGP_F32, 0, NULL};
    const char *wrong = strstr(path, ".png") ? dgp_png_read(b, to)
        : strstr(path, ".txt") ? dgp_text_read(b, to)
        : strstr(path, ".npy") ? dgp_npy_read(b, &s) : dgp_pb_read(b, &s);
    free(s.data);
    return wrong;
}

int main(int argc, char **argv)
{
    static float out[50 * 200];
    const dgp_value image = {"image", DGP_F32, 4, {1, 50, 200, 1}, 50 * 200, out, 0, 0};
    static uint8_t seed[1 << 20];
    long good = 0, bad = 0;
    for (int i = 2; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (f == NULL) {
            return 1;
        }
        const size_t n = fread(seed, 1, sizeof seed, f);
        fclose(f);
        for (long run = atol(argv[1]); run > 0; run--) {
            size_t len = n;
            uint8_t *data = malloc(n + 1); /* exactly so large, that reading past the end is found */
            memcpy(data, seed, n);
            if (run > 1) { /* the last is left as it is */
                damage(data, &len);
            }
            data = realloc(data, len + 1);
            data[len] = 0;
            const char *wrong = read_one(argv[i], (dgp_bytes){data, len}, &image);
            free(data);
            good += wrong == NULL;
            bad += wrong != NULL;
            if (run == 1 && wrong != NULL) {
                fprintf(stderr, "%s: %s\n", argv[i], wrong);
                return 1;
            }
        }
    }
    printf("%ld read, %ld refused\n", good, bad);
    return good == 0 || bad == 0;
}
