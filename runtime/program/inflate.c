/* inflate.c: zlib streams (RFC 1950) of deflated data (RFC 1951). */
#include <string.h>

#include "program.h"

/* A canonical Huffman code: how many codes have each length, and the symbols in the order of their codes. */
typedef struct {
    uint16_t count[16];
    uint16_t symbol[288];
} huffman;

typedef struct {
    dgp_bytes in;
    size_t at;      /* next byte of in */
    uint32_t bits;  /* read and not used, the next in the lowest place */
    int held;       /* how many */
    uint8_t *out;
    size_t len, have;
    int damaged;
} stream;

static uint32_t take_bits(stream *s, int n)
{
    while (s->held < n) {
        if (s->at == s->in.len) {
            s->damaged = 1;
            return 0;
        }
        s->bits |= (uint32_t)s->in.data[s->at++] << s->held;
        s->held += 8;
    }
    const uint32_t v = s->bits & ((1u << n) - 1);
    s->bits >>= n;
    s->held -= n;
    return v;
}

/* make_code fills h from the symbols' code lengths, 0 to 15; it returns 0 for lengths that are no prefix code. */
static int make_code(huffman *h, const uint8_t *lengths, int n)
{
    uint16_t first[16];
    int left = 1;
    memset(h->count, 0, sizeof h->count);
    for (int i = 0; i < n; i++) {
        h->count[lengths[i]]++;
    }
    h->count[0] = 0;
    first[1] = 0;
    for (int l = 1; l < 16; l++) {
        left = 2 * left - h->count[l];
        if (left < 0) {
            return 0;
        }
        if (l < 15) {
            first[l + 1] = (uint16_t)(first[l] + h->count[l]);
        }
    }
    for (int i = 0; i < n; i++) {
        if (lengths[i] != 0) {
            h->symbol[first[lengths[i]]++] = (uint16_t)i;
        }
    }
    return 1;
}

static int symbol(stream *s, const huffman *h)
{
    int code = 0, first = 0, index = 0;
    for (int l = 1; l < 16; l++) {
        code |= (int)take_bits(s, 1);
        if (s->damaged) {
            return -1;
        }
        if (code - first < h->count[l]) {
            return h->symbol[index + code - first];
        }
        index += h->count[l];
        first = (first + h->count[l]) << 1;
        code <<= 1;
    }
    s->damaged = 1;
    return -1;
}

static void put(stream *s, uint8_t byte)
{
    if (s->have == s->len) {
        s->damaged = 1;
        return;
    }
    s->out[s->have++] = byte;
}

/* copy repeats what was put dist bytes ago. */
static void copy(stream *s, size_t len, size_t dist)
{
    if (dist > s->have || len > s->len - s->have) {
        s->damaged = 1;
        return;
    }
    for (; len > 0; len--, s->have++) {
        s->out[s->have] = s->out[s->have - dist];
    }
}

static void stored(stream *s)
{
    s->bits = 0;
    s->held = 0;
    const uint32_t len = take_bits(s, 16), check = take_bits(s, 16);
    if (s->damaged || (len ^ check) != 0xffff || len > s->in.len - s->at || len > s->len - s->have) {
        s->damaged = 1;
        return;
    }
    memcpy(s->out + s->have, s->in.data + s->at, len);
    s->at += len;
    s->have += len;
}

static void coded(stream *s, const huffman *literals, const huffman *distances)
{
    static const uint16_t len_base[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint8_t len_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const uint16_t dist_base[30] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    static const uint8_t dist_bits[30] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    while (!s->damaged) {
        const int sym = symbol(s, literals);
        if (sym < 0 || sym == 256) {
            return;
        }
        if (sym < 256) {
            put(s, (uint8_t)sym);
            continue;
        }
        if (sym > 285) {
            s->damaged = 1;
            return;
        }
        const size_t len = len_base[sym - 257] + take_bits(s, len_bits[sym - 257]);
        const int d = symbol(s, distances);
        if (d < 0 || d > 29) {
            s->damaged = 1;
            return;
        }
        copy(s, len, dist_base[d] + take_bits(s, dist_bits[d]));
    }
}

static void fixed(stream *s)
{
    huffman literals, distances;
    uint8_t lengths[288];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    make_code(&literals, lengths, 288);
    memset(lengths, 5, 30);
    make_code(&distances, lengths, 30);
    coded(s, &literals, &distances);
}

/* read_lengths reads n code lengths, which are coded themselves. */
static void read_lengths(stream *s, const huffman *h, uint8_t *lengths, int n)
{
    for (int i = 0; i < n && !s->damaged;) {
        const int sym = symbol(s, h);
        int repeat = 1;
        uint8_t value = (uint8_t)sym;
        if (sym == 16 && i == 0) {
            s->damaged = 1;
            return;
        }
        if (sym == 16) {
            value = lengths[i - 1];
            repeat = 3 + (int)take_bits(s, 2);
        } else if (sym == 17 || sym == 18) {
            value = 0;
            repeat = sym == 17 ? 3 + (int)take_bits(s, 3) : 11 + (int)take_bits(s, 7);
        }
        if (repeat > n - i) {
            s->damaged = 1;
            return;
        }
        memset(lengths + i, value, (size_t)repeat);
        i += repeat;
    }
}

static void dynamic(stream *s)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const int nlit = 257 + (int)take_bits(s, 5), ndist = 1 + (int)take_bits(s, 5), ncode = 4 + (int)take_bits(s, 4);
    uint8_t lengths[320] = {0};
    huffman literals, distances;
    for (int i = 0; i < ncode; i++) {
        lengths[order[i]] = (uint8_t)take_bits(s, 3);
    }
    if (s->damaged || nlit > 286 || !make_code(&literals, lengths, 19)) {
        s->damaged = 1;
        return;
    }
    memset(lengths, 0, sizeof lengths);
    read_lengths(s, &literals, lengths, nlit + ndist);
    if (s->damaged || !make_code(&literals, lengths, nlit) || !make_code(&distances, lengths + nlit, ndist)) {
        s->damaged = 1;
        return;
    }
    coded(s, &literals, &distances);
}

static uint32_t adler32(const uint8_t *p, size_t n)
{
    uint32_t a = 1, b = 0;
    for (; n > 0; n--) {
        a = (a + *p++) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

const char *dgp_inflate(dgp_bytes in, uint8_t *out, size_t len)
{
    stream s = {in, 2, 0, 0, out, len, 0, 0};
    uint32_t last;
    if (in.len < 6 || (in.data[0] & 15) != 8 || (in.data[0] << 8 | in.data[1]) % 31 != 0 || (in.data[1] & 32) != 0) {
        return "compressed data are damaged";
    }
    do {
        last = take_bits(&s, 1);
        switch (take_bits(&s, 2)) {
        case 0: stored(&s); break;
        case 1: fixed(&s); break;
        case 2: dynamic(&s); break;
        default: s.damaged = 1;
        }
    } while (!last && !s.damaged);
    if (s.damaged || s.have != len || s.in.len - s.at < 4) {
        return "compressed data are damaged";
    }
    const uint8_t *sum = in.data + s.at;
    const uint32_t want = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
    return adler32(out, len) == want ? NULL : "compressed data are damaged";
}
