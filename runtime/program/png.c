/* png.c: PNG pictures (RFC 2083, without interlacing) as inputs of a model. */
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 };

typedef struct {
    uint32_t width, height;
    int depth, type, channels;
    dgp_bytes palette, alpha; /* PLTE and tRNS */
    uint8_t *idat;            /* all IDAT chunks */
    size_t idat_len;
    uint8_t *rows; /* unpacked: one filter byte and the samples, each row */
    size_t stride; /* bytes of a row without the filter byte */
} picture;

/* Where a picture stands in the tensor. */
typedef struct {
    size_t h, w, c, sy, sx, sc;
} layout;

static uint32_t be32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }

static const char *read_header(dgp_bytes b, picture *p)
{
    static const int channels[7] = {1, 0, 3, 1, 2, 0, 4};
    if (b.len != 13) {
        return "the PNG file is damaged";
    }
    p->width = be32(b.data);
    p->height = be32(b.data + 4);
    p->depth = b.data[8];
    p->type = b.data[9];
    if (p->width == 0 || p->height == 0 || p->width > 16384 || p->height > 16384) {
        return "the PNG file is larger than 16384 pixels";
    }
    if (p->type > 6 || channels[p->type] == 0 || p->depth == 0 || p->depth > 16 || (p->depth & (p->depth - 1)) != 0 ||
        (p->depth < 8 && p->type != GREY && p->type != PALETTE) || (p->depth == 16 && p->type == PALETTE)) {
        return "the PNG file is damaged";
    }
    p->channels = channels[p->type];
    return b.data[12] == 0 ? NULL : "the PNG file is interlaced; save it without";
}

/* read_chunks finds the header, the palette and the compressed rows. */
static const char *read_chunks(dgp_bytes file, picture *p)
{
    const char *wrong = NULL;
    size_t at = 8;
    while (wrong == NULL && file.len - at >= 12) {
        const size_t len = be32(file.data + at);
        const uint8_t *type = file.data + at + 4, *data = file.data + at + 8;
        if (len > file.len - at - 12) {
            return "the PNG file is cut short";
        }
        const dgp_bytes body = {data, len};
        if (memcmp(type, "IHDR", 4) == 0) {
            wrong = read_header(body, p);
        } else if (memcmp(type, "PLTE", 4) == 0) {
            p->palette = body;
        } else if (memcmp(type, "tRNS", 4) == 0) {
            p->alpha = body;
        } else if (memcmp(type, "IDAT", 4) == 0) {
            memcpy(p->idat + p->idat_len, data, len);
            p->idat_len += len;
        } else if (memcmp(type, "IEND", 4) == 0) {
            break;
        }
        at += 12 + len;
    }
    return wrong != NULL || p->width != 0 ? wrong : "the PNG file is damaged";
}

static uint8_t paeth(int a, int b, int c)
{
    const int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* unfilter undoes the prediction of a row from its left and upper neighbours (RFC 2083, section 6). */
static int unfilter(uint8_t *row, const uint8_t *up, size_t n, size_t pixel)
{
    const uint8_t filter = row[0];
    for (size_t i = 1; i <= n; i++) {
        const uint8_t a = i > pixel ? row[i - pixel] : 0, b = up != NULL ? up[i] : 0;
        const uint8_t c = up != NULL && i > pixel ? up[i - pixel] : 0;
        switch (filter) {
        case 0: return 1;
        case 1: row[i] = (uint8_t)(row[i] + a); break;
        case 2: row[i] = (uint8_t)(row[i] + b); break;
        case 3: row[i] = (uint8_t)(row[i] + (a + b) / 2); break;
        case 4: row[i] = (uint8_t)(row[i] + paeth(a, b, c)); break;
        default: return 0;
        }
    }
    return 1;
}

static const char *unpack(picture *p)
{
    const size_t bits = (size_t)p->depth * (size_t)p->channels;
    const size_t pixel = bits < 8 ? 1 : bits / 8;
    p->stride = (p->width * bits + 7) / 8;
    p->rows = malloc((p->stride + 1) * p->height);
    if (p->rows == NULL) {
        return "out of memory";
    }
    const char *wrong = dgp_inflate((dgp_bytes){p->idat, p->idat_len}, p->rows, (p->stride + 1) * p->height);
    for (size_t y = 0; wrong == NULL && y < p->height; y++) {
        uint8_t *row = p->rows + y * (p->stride + 1);
        if (!unfilter(row, y > 0 ? row - p->stride - 1 : NULL, p->stride, pixel)) {
            wrong = "the PNG file is damaged";
        }
    }
    return wrong;
}

/* sample returns a sample of a row as it is stored. */
static uint32_t sample(const picture *p, size_t x, size_t y, int c)
{
    const uint8_t *row = p->rows + y * (p->stride + 1) + 1;
    const size_t i = x * (size_t)p->channels + (size_t)c;
    if (p->depth == 16) {
        return (uint32_t)row[2 * i] << 8 | row[2 * i + 1];
    }
    const size_t bit = i * (size_t)p->depth;
    return ((uint32_t)row[bit / 8] >> (8 - (size_t)p->depth - bit % 8)) & ((1u << p->depth) - 1);
}

/* colour returns a pixel with 16 bits a channel. */
static void colour(const picture *p, size_t x, size_t y, uint32_t rgba[4])
{
    const uint32_t scale = 65535u / ((1u << p->depth) - 1);
    if (p->type == PALETTE) {
        const uint32_t i = sample(p, x, y, 0);
        for (uint32_t c = 0; c < 3; c++) {
            rgba[c] = 3 * i + c < p->palette.len ? 257u * p->palette.data[3 * i + c] : 0;
        }
        rgba[3] = i < p->alpha.len ? 257u * p->alpha.data[i] : 65535;
        return;
    }
    const int grey = p->type == GREY || p->type == GREY_ALPHA;
    for (int c = 0; c < 3; c++) {
        rgba[c] = scale * sample(p, x, y, grey ? 0 : c);
    }
    rgba[3] = p->type == GREY_ALPHA || p->type == RGBA ? scale * sample(p, x, y, p->channels - 1) : 65535;
}

/* brightness weighs the colours as ITU-R BT.601 does, from 0 to 255; transparent pixels are dark. */
static uint32_t brightness(const uint32_t rgba[4])
{
    const uint32_t r = rgba[0] * rgba[3] / 65535, g = rgba[1] * rgba[3] / 65535, b = rgba[2] * rgba[3] / 65535;
    return (19595 * r + 38470 * g + 7471 * b + (1u << 15)) >> 24;
}

/* find_layout takes the tensor's last sizes as rows, columns and channels, or channels, rows and columns. */
static int find_layout(const dgp_value *v, layout *l)
{
    const size_t *d = v->dims;
    int rank = v->rank;
    for (; rank > 3 && d[0] == 1; rank--) {
        d++;
    }
    if (rank == 2) {
        *l = (layout){d[0], d[1], 1, d[1], 1, 0};
    } else if (rank == 3 && (d[2] == 1 || d[2] == 3)) {
        *l = (layout){d[0], d[1], d[2], d[1] * d[2], d[2], 1};
    } else if (rank == 3 && (d[0] == 1 || d[0] == 3)) {
        *l = (layout){d[1], d[2], d[0], d[2], 1, d[1] * d[2]};
    } else {
        return 0;
    }
    return 1;
}

/* set_pixel stores 0 to 255: floats from 0 to 1, quantized integers as what stands for that, other integers as they are. */
static void set_pixel(const dgp_value *to, size_t i, uint32_t v)
{
    const float real = (float)v / 255;
    if (dgp_is_float(to->dtype)) {
        dgp_set(to->dtype, to->data, i, real);
    } else if (to->scale > 0) {
        const int64_t bits = 8 * (int64_t)dgp_infos[to->dtype].size, is_signed = to->dtype < DGP_U8;
        const int64_t lo = is_signed ? -((int64_t)1 << (bits - 1)) : 0, hi = lo + ((int64_t)1 << bits) - 1;
        const int64_t q = (int64_t)(real / to->scale + 0.5F) + to->zero;
        dgp_set_int(to->dtype, to->data, i, q < lo ? lo : q > hi ? hi : q);
    } else {
        dgp_set_int(to->dtype, to->data, i, v);
    }
}

static void convert(const picture *p, const layout *l, const dgp_value *to)
{
    for (size_t y = 0; y < l->h; y++) {
        for (size_t x = 0; x < l->w; x++) {
            uint32_t rgba[4];
            colour(p, x, y, rgba);
            for (size_t c = 0; c < l->c; c++) {
                set_pixel(to, y * l->sy + x * l->sx + c * l->sc, l->c == 1 ? brightness(rgba) : rgba[c] >> 8);
            }
        }
    }
}

const char *dgp_png_read(dgp_bytes file, const dgp_value *to)
{
    picture p;
    layout l;
    memset(&p, 0, sizeof p);
    if (file.len < 8 || memcmp(file.data, "\x89PNG\r\n\x1a\n", 8) != 0) {
        return "not a PNG file";
    }
    if (!find_layout(to, &l)) {
        return "the model's input has not the shape of a picture";
    }
    p.idat = malloc(file.len);
    const char *wrong = p.idat == NULL ? "out of memory" : read_chunks(file, &p);
    if (wrong == NULL && (p.width != l.w || p.height != l.h)) {
        wrong = "the picture has another size than the model's input";
    }
    if (wrong == NULL) {
        wrong = unpack(&p);
    }
    if (wrong == NULL) {
        convert(&p, &l, to);
    }
    free(p.idat);
    free(p.rows);
    return wrong;
}
