/* sample.c: a tensor from a file, made to fit an input of the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum { MAX_FILE = 1 << 30 };

/* read_file reads a whole file and ends it with a zero. */
static const char *read_file(const char *path, dgp_bytes *b)
{
    FILE *f = fopen(path, "rb");
    size_t room = 1 << 16, len = 0;
    uint8_t *data = malloc(room);
    if (f == NULL || data == NULL) {
        free(data);
        if (f != NULL) {
            fclose(f);
        }
        return f == NULL ? "cannot be opened" : "out of memory";
    }
    for (size_t n; (n = fread(data + len, 1, room - len - 1, f)) > 0;) {
        len += n;
        if (room - len > 1) {
            continue;
        }
        uint8_t *more = room < MAX_FILE ? realloc(data, 2 * room) : NULL;
        if (more == NULL) {
            free(data);
            fclose(f);
            return "too large";
        }
        data = more;
        room *= 2;
    }
    fclose(f);
    data[len] = 0;
    b->data = data;
    b->len = len;
    return NULL;
}

static int fits(const dgp_value *to, int64_t v)
{
    const int bits = 8 * (int)dgp_infos[to->dtype].size;
    if (bits == 64) {
        return 1;
    }
    const int64_t lo = to->dtype < DGP_U8 ? -((int64_t)1 << (bits - 1)) : 0;
    return v >= lo && v < lo + ((int64_t)1 << bits);
}

/* fit converts to the model's element type where that loses nothing that a user would miss. */
static const char *fit(const dgp_sample *s, const dgp_value *to)
{
    if (s->len != to->len) {
        return "another number of elements than the model takes";
    }
    if (s->dtype == to->dtype) {
        memcpy(to->data, s->data, s->len * dgp_infos[s->dtype].size);
        return NULL;
    }
    for (size_t i = 0; i < s->len; i++) {
        if (dgp_is_float(to->dtype)) {
            dgp_set(to->dtype, to->data, i, dgp_get(s->dtype, s->data, i));
        } else if (dgp_is_float(s->dtype) || !fits(to, dgp_get_int(s->dtype, s->data, i))) {
            return "elements that the model's type of integers does not hold";
        } else {
            dgp_set_int(to->dtype, to->data, i, dgp_get_int(s->dtype, s->data, i));
        }
    }
    return NULL;
}

static int ends(const char *path, const char *suffix)
{
    const size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

const char *dgp_read(const char *path, const dgp_value *to)
{
    dgp_bytes file;
    dgp_sample s = {DGP_F32, 0, NULL};
    const char *wrong = read_file(path, &file);
    if (wrong != NULL) {
        return wrong;
    }
    if (ends(path, ".png")) {
        wrong = dgp_png_read(file, to);
    } else if (ends(path, ".npy") || ends(path, ".pb")) {
        wrong = ends(path, ".npy") ? dgp_npy_read(file, &s) : dgp_pb_read(file, &s);
        if (wrong == NULL) {
            wrong = fit(&s, to);
        }
    } else if (ends(path, ".txt") || ends(path, ".csv")) {
        wrong = strlen((const char *)file.data) == file.len ? dgp_text_read(file, to) : "not plain text";
    } else {
        wrong = "expected a .npy, .pb, .png, .txt or .csv file";
    }
    free(s.data);
    free((void *)(uintptr_t)file.data);
    return wrong;
}
