/* text.c: numbers in plain text, with spaces, commas, semicolons or brackets between them. */
#include <stdlib.h>
#include <string.h>

#include "program.h"

static const char separators[] = " \t\r\n,;[]()";

const char *dgp_text_read(dgp_bytes file, const dgp_value *to)
{
    const char *p = (const char *)file.data; /* the reader of files ends them with a zero */
    size_t n = 0;
    for (p += strspn(p, separators); *p != 0; p += strspn(p, separators)) {
        char *end;
        if (n == to->len) {
            return "more numbers than the model takes";
        }
        if (dgp_is_float(to->dtype)) {
            dgp_set(to->dtype, to->data, n, strtod(p, &end));
        } else {
            dgp_set_int(to->dtype, to->data, n, strtoll(p, &end, 10));
        }
        if (end == p || (*end != 0 && strchr(separators, *end) == NULL)) {
            return dgp_is_float(to->dtype) ? "something that is not a number" : "something that is not an integer";
        }
        p = end;
        n++;
    }
    return n == to->len ? NULL : "fewer numbers than the model takes";
}
