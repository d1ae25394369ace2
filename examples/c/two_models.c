/* Runs two models in one arena: README.md says how to build it. */
#include <stdio.h>

#include "digits_int8.h"
#include "sine_int8.h"

/* One arena, as large and as aligned as the greater of the two asks for. */
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
static DG_ALIGN(LARGER(DIGITS_INT8_ARENA_ALIGN, SINE_INT8_ARENA_ALIGN)) uint8_t arena[LARGER(DIGITS_INT8_ARENA_BYTES, SINE_INT8_ARENA_BYTES)];

static const char zero[8][9] = {
    "..0011..",
    "..1001..",
    ".10..01.",
    ".10..01.",
    ".10..01.",
    ".10..01.",
    "..1001..",
    "..0110..",
};

/* draw turns the picture into what the model takes: 0 to 1, row after row. */
static void draw(float image[DIGITS_INT8_IN_IMAGE_LEN])
{
    for (int i = 0; i < DIGITS_INT8_IN_IMAGE_LEN; i++) {
        image[i] = zero[i / 8][i % 8] == '.' ? 0.0F : 1.0F;
    }
}

static int greatest(const float *v, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++) {
        best = v[i] > v[best] ? i : best;
    }
    return best;
}

int main(void)
{
    static float image[DIGITS_INT8_IN_IMAGE_LEN], classes[DIGITS_INT8_OUT_OUTPUT_0_LEN];
    const float x[SINE_INT8_IN_X_LEN] = { 1.57F };
    float y[SINE_INT8_OUT_OUTPUT_0_LEN];

    if (sine_int8_run(arena, x, y) != SINE_INT8_OK) {
        return 1;
    }
    printf("sine(%.2f) = %.2f\n", (double)x[0], (double)y[0]);
    draw(image);
    if (digits_int8_run(arena, image, classes) != DIGITS_INT8_OK) {
        return 1;
    }
    printf("a drawn zero reads as %d\n", greatest(classes, DIGITS_INT8_OUT_OUTPUT_0_LEN));
    return 0;
}
