/* dg_packed.h: weights of 2 or 4 bits, which stand together in bytes, the first in the low bits. */
#ifndef DG_PACKED_H
#define DG_PACKED_H

#include "dg.h"

/* dg_signed is number i of the signed ones of so many bits that a byte has. */
DG_INLINE int8_t dg_signed(int v, int i, int bits) { return (int8_t)((int8_t)(v << (8 - bits - i * bits)) >> (8 - bits)); }

/* dg_unpack writes n weights of so many bits, signed, as bytes. */
DG_INLINE void dg_unpack(int8_t *to, const uint8_t DG_ROM *from, dg_idx n, int bits)
{
    const int per = 8 / bits;
    for (; n >= per; n -= per, from++) {
        DG_UNROLL
        for (int i = 0; i < per; i++) {
            *to++ = dg_signed(*from, i, bits);
        }
    }
    for (int i = 0; i < n; i++) {
        *to++ = dg_signed(*from, i, bits);
    }
}

#endif
