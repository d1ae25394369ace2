/* program.h: a program around a generated model, for systems with files. It reads tensors in several formats, runs the
 * model, and prints or writes what it computes. The model's part allocates nothing; this part reads files into the heap. */
#ifndef DGP_PROGRAM_H
#define DGP_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the file formats are read for little-endian machines"
#endif

enum { DGP_MAX_RANK = 8 };

typedef enum {
    DGP_F32, DGP_F64, DGP_I8, DGP_I16, DGP_I32, DGP_I64, DGP_U8, DGP_U16, DGP_U32, DGP_U64, DGP_BOOL, DGP_DTYPES
} dgp_dtype;

/* An input or output of the model. Integers with a scale stand for (q - zero) * scale; scale is 0 for others. */
typedef struct {
    const char *name;
    dgp_dtype dtype;
    int rank;
    size_t dims[DGP_MAX_RANK];
    size_t len;
    void *data; /* room for len elements */
    float scale;
    int32_t zero;
} dgp_value;

/* What a file holds. data is allocated, in the machine's byte order. */
typedef struct {
    dgp_dtype dtype;
    size_t len;
    uint8_t *data;
} dgp_sample;

/* The bytes of a file. */
typedef struct {
    const uint8_t *data;
    size_t len;
} dgp_bytes;

/* dgp_info describes an element type as people and files name it. */
typedef struct {
    const char *name;  /* float32 */
    const char *npy;   /* <f4 */
    size_t size;       /* bytes */
    int onnx;          /* TensorProto.DataType */
} dgp_info;
extern const dgp_info dgp_infos[DGP_DTYPES];

int64_t dgp_get_int(dgp_dtype dtype, const void *data, size_t i);
double dgp_get(dgp_dtype dtype, const void *data, size_t i);
void dgp_set_int(dgp_dtype dtype, void *data, size_t i, int64_t v);
void dgp_set(dgp_dtype dtype, void *data, size_t i, double v);
int dgp_is_float(dgp_dtype dtype);

/* These return a null pointer when all went well, or what is wrong. */
const char *dgp_read(const char *path, const dgp_value *to);
const char *dgp_npy_read(dgp_bytes file, dgp_sample *s);
const char *dgp_npy_write(const char *path, const dgp_value *v);
const char *dgp_pb_read(dgp_bytes file, dgp_sample *s);
const char *dgp_png_read(dgp_bytes file, const dgp_value *to);
const char *dgp_text_read(dgp_bytes file, const dgp_value *to);
const char *dgp_inflate(dgp_bytes in, uint8_t *out, size_t len); /* a zlib stream that gives exactly len bytes */
const char *dgp_sample_new(dgp_sample *s, dgp_dtype dtype, size_t len);

#endif
