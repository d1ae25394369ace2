/* dg_packed.h: weights of 2 or 4 bits, which stand together in bytes, the first in the low bits. */
#ifndef DG_PACKED_H
#define DG_PACKED_H

#include "dg.h"

/* dg_unpack writes n weights of so many bits, signed, as bytes. */
DG_INLINE void dg_unpack(int8_t *to, const uint8_t DG_ROM *from, dg_idx n, int bits)
{
    const int per = 8 / bits, mask = (1 << bits) - 1, sign = 1 << (bits - 1);
    for (; n > 0; from++) {
        int v = *from;
        for (int i = 0; i < per && n > 0; i++, n--, v >>= bits) {
            *to++ = (int8_t)(((v & mask) ^ sign) - sign);
        }
    }
}

#endif
