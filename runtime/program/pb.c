/* pb.c: ONNX's TensorProto (onnx.proto), as in the test data of ONNX models. */
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* Field numbers of TensorProto. */
enum { DIMS = 1, DATA_TYPE = 2, FLOAT_DATA = 4, INT32_DATA = 5, INT64_DATA = 7, RAW_DATA = 9, DOUBLE_DATA = 10, UINT64_DATA = 11 };

/* Wire types of the encoding. */
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* varint takes one number off the front; it returns 0 where there is none. */
static int varint(dgp_bytes *b, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; shift < 64 && b->len > 0; shift += 7) {
        const uint8_t byte = *b->data++;
        b->len--;
        *v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return 1;
        }
    }
    return 0;
}

/* take takes n bytes off the front. */
static int take(dgp_bytes *b, uint64_t n, dgp_bytes *part)
{
    if (n > b->len) {
        return 0;
    }
    part->data = b->data;
    part->len = (size_t)n;
    b->data += n;
    b->len -= (size_t)n;
    return 1;
}

/* field takes a field off the front: its number, wire type, and number or bytes. */
static int field(dgp_bytes *b, int *number, int *wire, uint64_t *v, dgp_bytes *bytes)
{
    uint64_t key;
    if (!varint(b, &key) || key >> 3 > 1000) {
        return 0;
    }
    *number = (int)(key >> 3);
    *wire = (int)(key & 7);
    switch (*wire) {
    case VARINT: return varint(b, v);
    case FIXED64: return take(b, 8, bytes);
    case BYTES: return varint(b, v) && take(b, *v, bytes);
    case FIXED32: return take(b, 4, bytes);
    default: return 0;
    }
}

/* A TensorProto, before it is known what its data are. */
typedef struct {
    uint64_t type;
    size_t len;      /* product of the sizes */
    dgp_bytes data;  /* the last of the fields with data */
    int data_field;
    int damaged;
} message;

static void add_dim(message *m, uint64_t n)
{
    if (n != 0 && m->len > SIZE_MAX / n) {
        m->damaged = 1;
        return;
    }
    m->len *= (size_t)n;
}

static void parse(dgp_bytes file, message *m)
{
    while (file.len > 0 && !m->damaged) {
        int number, wire;
        uint64_t v = 0;
        dgp_bytes bytes = {NULL, 0};
        if (!field(&file, &number, &wire, &v, &bytes)) {
            m->damaged = 1;
        } else if (number == DIMS && wire == VARINT) {
            add_dim(m, v);
        } else if (number == DIMS && wire == BYTES) {
            while (bytes.len > 0 && varint(&bytes, &v)) {
                add_dim(m, v);
            }
        } else if (number == DATA_TYPE && wire == VARINT) {
            m->type = v;
        } else if (wire == BYTES && (number == RAW_DATA || (number >= FLOAT_DATA && number <= UINT64_DATA))) {
            if (bytes.len > 0) {
                m->data = bytes;
                m->data_field = number;
            }
        }
    }
}

static const char *fill(const message *m, dgp_sample *s)
{
    const size_t size = dgp_infos[s->dtype].size;
    if (m->data_field == RAW_DATA || m->data_field == FLOAT_DATA || m->data_field == DOUBLE_DATA) {
        if (m->data.len != s->len * size) {
            return "the tensor's data do not match its shape";
        }
        memcpy(s->data, m->data.data, m->data.len);
        return NULL;
    }
    dgp_bytes rest = m->data;
    for (size_t i = 0; i < s->len; i++) {
        uint64_t v;
        if (!varint(&rest, &v)) {
            return "the tensor's data do not match its shape";
        }
        dgp_set_int(s->dtype, s->data, i, (int64_t)v);
    }
    return rest.len == 0 ? NULL : "the tensor's data do not match its shape";
}

const char *dgp_pb_read(dgp_bytes file, dgp_sample *s)
{
    message m = {0, 1, {NULL, 0}, 0, 0};
    parse(file, &m);
    if (m.damaged) {
        return "not an ONNX tensor";
    }
    for (int d = 0; d < DGP_DTYPES; d++) {
        if ((uint64_t)dgp_infos[d].onnx != m.type) {
            continue;
        }
        if (m.len > m.data.len) { /* every element takes a byte at least */
            return "the tensor's data do not match its shape";
        }
        const char *wrong = dgp_sample_new(s, (dgp_dtype)d, m.len);
        return wrong != NULL ? wrong : fill(&m, s);
    }
    return "the tensor has elements of a type that is not supported";
}
