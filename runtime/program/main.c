/* main.c: the command line of a model. model.h is made for it: it defines MODEL, arena, inputs, outputs, run_model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "program.h"
#include "model.h"

typedef struct {
    const char *out; /* folder for .npy files, or a null pointer */
    int bench;
    int given[INPUTS + 1];
} options;

static void print_type(const dgp_value *v)
{
    printf("%s[", dgp_infos[v->dtype].name);
    for (int i = 0; i < v->rank; i++) {
        printf(i == 0 ? "%lu" : ",%lu", (unsigned long)v->dims[i]);
    }
    printf("]");
    if (v->scale > 0) {
        printf("  (q - %ld) * %.9g", (long)v->zero, (double)v->scale);
    }
}

static void print_values(const char *title, const dgp_value *values, int n)
{
    printf("\n%s:\n", title);
    for (int i = 0; i < n; i++) {
        printf("  %-24s  ", values[i].name);
        print_type(&values[i]);
        printf("\n");
    }
}

static void help(const char *program)
{
    printf("usage: %s [-o DIR] [--bench] [NAME=]FILE...\n\nRun the model " MODEL " on one file per input, by name or in this order:\n"
           ".npy, .pb (ONNX), .png, .txt, .csv.\n", program);
    print_values("inputs", inputs, INPUTS);
    print_values("outputs", outputs, OUTPUTS);
    printf("\noptions:\n"
           "  -o DIR   write each output to DIR/NAME.npy instead of printing it\n"
           "  --bench  measure the time of a run; inputs that are not given are zero\n"
           "  -h       this text\n");
}

static int fail(const char *what, const char *wrong)
{
    fprintf(stderr, MODEL ": %s: %s\n", what, wrong);
    return 0;
}

/* find_input returns the input that an argument is for, and moves *file behind NAME=. */
static int find_input(const options *o, const char **file)
{
    const char *equals = strchr(*file, '=');
    for (int i = 0; i < INPUTS && equals != NULL; i++) {
        const size_t n = (size_t)(equals - *file);
        if (strlen(inputs[i].name) == n && strncmp(inputs[i].name, *file, n) == 0) {
            *file = equals + 1;
            return i;
        }
    }
    for (int i = 0; i < INPUTS; i++) {
        if (!o->given[i]) {
            return i;
        }
    }
    return -1;
}

static int read_input(options *o, const char *arg)
{
    const char *file = arg;
    const int i = find_input(o, &file);
    if (i < 0) {
        return fail(arg, "more files than the model has inputs");
    }
    o->given[i] = 1;
    const char *wrong = dgp_read(file, &inputs[i]);
    return wrong == NULL ? 1 : fail(file, wrong);
}

/* parse returns 0 after a wrong command line, -1 after help. */
static int parse(int argc, char **argv, options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            help(argv[0]);
            return -1;
        }
        if (strcmp(argv[i], "--bench") == 0) {
            o->bench = 1;
        } else if (strcmp(argv[i], "-o") == 0) {
            if (++i == argc) {
                return fail("-o", "expected a folder");
            }
            o->out = argv[i];
        } else if (argv[i][0] == '-' && argv[i][1] != 0) {
            return fail(argv[i], "unknown option; -h lists them");
        } else if (!read_input(o, argv[i])) {
            return 0;
        }
    }
    for (int i = 0; i < INPUTS; i++) {
        if (!o->given[i] && !o->bench) {
            return fail(inputs[i].name, "this input is not given; -h lists the inputs");
        }
    }
    return 1;
}

static size_t greatest(const dgp_value *v)
{
    size_t best = 0;
    for (size_t i = 1; i < v->len; i++) {
        if (dgp_get(v->dtype, v->data, i) > dgp_get(v->dtype, v->data, best)) {
            best = i;
        }
    }
    return best;
}

static void print_output(const dgp_value *v)
{
    printf("%s: ", v->name);
    print_type(v);
    if (v->len > 1) {
        printf(", greatest at %lu", (unsigned long)greatest(v));
    }
    for (size_t i = 0; i < v->len; i++) {
        printf(i % 8 == 0 ? "\n" : " ");
        if (dgp_is_float(v->dtype)) {
            printf("%12.6g", dgp_get(v->dtype, v->data, i));
        } else {
            printf("%6lld", (long long)dgp_get_int(v->dtype, v->data, i));
        }
    }
    printf("\n");
}

static int write_output(const char *dir, const dgp_value *v)
{
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/%s.npy", dir, v->name);
    if (n < 0 || (size_t)n >= sizeof path) {
        return fail(dir, "the folder's name is too long");
    }
    for (char *p = path + strlen(dir) + 1; *p != 0; p++) {
        if (strchr("/\\:", *p) != NULL) {
            *p = '_';
        }
    }
    const char *wrong = dgp_npy_write(path, v);
    return wrong == NULL ? 1 : fail(path, wrong);
}

/* bench runs the model for about a second and prints the mean time of a run. */
static void bench(void)
{
    const clock_t start = clock();
    long runs = 0;
    clock_t spent;
    do {
        run_model();
        runs++;
        spent = clock() - start;
    } while (spent < CLOCKS_PER_SEC);
    printf("%ld runs, %.4f ms each\n", runs, 1e3 * (double)spent / CLOCKS_PER_SEC / (double)runs);
}

int main(int argc, char **argv)
{
    options o;
    memset(&o, 0, sizeof o);
    const int ok = parse(argc, argv, &o);
    if (ok <= 0) {
        return ok < 0 ? 0 : 2;
    }
    if (run_model() != 0) {
        fail("internal error", "the model refuses its buffers");
        return 1;
    }
    if (o.bench) {
        bench();
        return 0;
    }
    for (int i = 0; i < OUTPUTS; i++) {
        if (o.out == NULL) {
            print_output(&outputs[i]);
        } else if (!write_output(o.out, &outputs[i])) {
            return 1;
        }
    }
    return 0;
}
