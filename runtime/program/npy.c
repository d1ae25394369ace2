/* npy.c: NumPy's .npy files, format versions 1 to 3 (numpy.lib.format). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* header_text returns the dictionary that describes the array as a string, and where the elements begin. */
static const char *header_text(dgp_bytes file, char *text, size_t room, size_t *begin)
{
    if (file.len < 12 || memcmp(file.data, "\x93NUMPY", 6) != 0 || file.data[6] < 1 || file.data[6] > 3) {
        return "not a .npy file";
    }
    size_t len = (size_t)file.data[8] | (size_t)file.data[9] << 8;
    size_t at = 10;
    if (file.data[6] > 1) {
        len |= (size_t)file.data[10] << 16 | (size_t)file.data[11] << 24;
        at = 12;
    }
    if (len >= room || len > file.len - at) {
        return "the header of the .npy file is damaged";
    }
    memcpy(text, file.data + at, len);
    text[len] = 0;
    *begin = at + len;
    return NULL;
}

/* after returns what follows a key of the dictionary and its colon, or a null pointer. */
static const char *after(const char *text, const char *key)
{
    const char *p = strstr(text, key);
    if (p == NULL || (p = strchr(p, ':')) == NULL) {
        return NULL;
    }
    return p + 1 + strspn(p + 1, " ");
}

static int dtype_of(const char *descr)
{
    for (int d = 0; d < DGP_DTYPES; d++) {
        const char *want = dgp_infos[d].npy; /* the byte order of single bytes may be written in any way */
        if (strncmp(descr + 2, want + 1, 2) == 0 && descr[3] != 0 && (descr[1] == want[0] || want[2] == '1')) {
            return d;
        }
    }
    return -1;
}

const char *dgp_npy_read(dgp_bytes file, dgp_sample *s)
{
    char text[4096];
    size_t begin, len = 1;
    const char *wrong = header_text(file, text, sizeof text, &begin);
    if (wrong != NULL) {
        return wrong;
    }
    const char *descr = after(text, "'descr'"), *order = after(text, "'fortran_order'"), *shape = after(text, "'shape'");
    if (descr == NULL || order == NULL || shape == NULL || *shape != '(') {
        return "the header of the .npy file is damaged";
    }
    const int d = *descr == '\'' ? dtype_of(descr) : -1;
    if (d < 0) {
        return "the .npy file has elements of a type that is not supported";
    }
    if (strncmp(order, "False", 5) != 0) {
        return "the .npy file is in Fortran's order; save it with order='C'";
    }
    for (const char *p = shape + 1; *p != ')' && *p != 0; p += strspn(p, ", ")) {
        char *end;
        const unsigned long long n = strtoull(p, &end, 10);
        if (end == p || (n > 0 && len > SIZE_MAX / n)) {
            return "the header of the .npy file is damaged";
        }
        len *= (size_t)n;
        p = end;
    }
    const size_t size = dgp_infos[d].size;
    if (len > (file.len - begin) / size) {
        return "the .npy file is cut short";
    }
    wrong = dgp_sample_new(s, (dgp_dtype)d, len);
    if (wrong == NULL) {
        memcpy(s->data, file.data + begin, len * size);
    }
    return wrong;
}

const char *dgp_npy_write(const char *path, const dgp_value *v)
{
    char text[512];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", dgp_infos[v->dtype].npy);
    for (int i = 0; i < v->rank; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%lu,", (unsigned long)v->dims[i]);
    }
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    const int padded = (10 + n + 1 + 63) / 64 * 64 - 10;
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        return "cannot be written";
    }
    const uint8_t head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(padded & 255), (uint8_t)(padded >> 8)};
    fwrite(head, 1, sizeof head, f);
    fprintf(f, "%-*s\n", padded - 1, text);
    fwrite(v->data, dgp_infos[v->dtype].size, v->len, f);
    const int bad = ferror(f);
    return fclose(f) != 0 || bad ? "cannot be written" : NULL;
}
