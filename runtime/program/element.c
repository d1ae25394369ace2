/* element.c: elements of any type, as integers or as real numbers. */
#include <stdlib.h>
#include <string.h>

#include "program.h"

const dgp_info dgp_infos[DGP_DTYPES] = {
    [DGP_F32] = {"float32", "<f4", 4, 1},
    [DGP_F64] = {"float64", "<f8", 8, 11},
    [DGP_I8] = {"int8", "|i1", 1, 3},
    [DGP_I16] = {"int16", "<i2", 2, 5},
    [DGP_I32] = {"int32", "<i4", 4, 6},
    [DGP_I64] = {"int64", "<i8", 8, 7},
    [DGP_U8] = {"uint8", "|u1", 1, 2},
    [DGP_U16] = {"uint16", "<u2", 2, 4},
    [DGP_U32] = {"uint32", "<u4", 4, 12},
    [DGP_U64] = {"uint64", "<u8", 8, 13},
    [DGP_BOOL] = {"bool", "|b1", 1, 9},
};

int dgp_is_float(dgp_dtype dtype) { return dtype == DGP_F32 || dtype == DGP_F64; }

/* The bytes may stand anywhere in a file: copies, not casts. */
#define LOAD(type)                                                     \
    do {                                                               \
        type v_;                                                       \
        memcpy(&v_, (const uint8_t *)data + i * sizeof v_, sizeof v_); \
        return (RESULT)v_;                                             \
    } while (0)

#define RESULT int64_t
int64_t dgp_get_int(dgp_dtype dtype, const void *data, size_t i)
{
    switch (dtype) {
    case DGP_F32: LOAD(float);
    case DGP_F64: LOAD(double);
    case DGP_I8: LOAD(int8_t);
    case DGP_I16: LOAD(int16_t);
    case DGP_I32: LOAD(int32_t);
    case DGP_I64: LOAD(int64_t);
    case DGP_U16: LOAD(uint16_t);
    case DGP_U32: LOAD(uint32_t);
    case DGP_U64: LOAD(uint64_t);
    default: LOAD(uint8_t);
    }
}
#undef RESULT

#define RESULT double
double dgp_get(dgp_dtype dtype, const void *data, size_t i)
{
    switch (dtype) {
    case DGP_F32: LOAD(float);
    case DGP_F64: LOAD(double);
    case DGP_U64: LOAD(uint64_t);
    default: return (double)dgp_get_int(dtype, data, i);
    }
}
#undef RESULT

#define STORE(type)                                              \
    do {                                                         \
        const type v_ = (type)v;                                 \
        memcpy((uint8_t *)data + i * sizeof v_, &v_, sizeof v_); \
        return;                                                  \
    } while (0)

void dgp_set_int(dgp_dtype dtype, void *data, size_t i, int64_t v)
{
    switch (dtype) {
    case DGP_F32: STORE(float);
    case DGP_F64: STORE(double);
    case DGP_I8: STORE(int8_t);
    case DGP_I16: STORE(int16_t);
    case DGP_I32: STORE(int32_t);
    case DGP_I64: STORE(int64_t);
    case DGP_U16: STORE(uint16_t);
    case DGP_U32: STORE(uint32_t);
    case DGP_U64: STORE(uint64_t);
    default: STORE(uint8_t);
    }
}

void dgp_set(dgp_dtype dtype, void *data, size_t i, double v)
{
    switch (dtype) {
    case DGP_F32: STORE(float);
    case DGP_F64: STORE(double);
    default: dgp_set_int(dtype, data, i, (int64_t)v);
    }
}

const char *dgp_sample_new(dgp_sample *s, dgp_dtype dtype, size_t len)
{
    if (len > ((size_t)1 << 30) / dgp_infos[dtype].size) {
        return "the tensor has more than 1 GiB";
    }
    s->dtype = dtype;
    s->len = len;
    s->data = malloc(len * dgp_infos[dtype].size + 1);
    return s->data == NULL ? "out of memory" : NULL;
}
