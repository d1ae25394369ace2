/* dg_dsp16.h: sums of products of 16-bit values with 8-bit weights by the DSP instructions that dg_dsp.h has. */
#ifndef DG_DSP16_H
#define DG_DSP16_H

#include "dg.h"
#include "dg_dsp.h"

/* dg_smlald returns acc plus the products of both pairs, in 64 bits. */
DG_INLINE int64_t dg_smlald(uint32_t a, uint32_t b, int64_t acc)
{
#if defined(__arm__)
    __asm__("smlald %Q0, %R0, %1, %2" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
#else
    return acc + (int64_t)(int16_t)a * (int16_t)b + (int64_t)(int16_t)(a >> 16) * (int16_t)(b >> 16);
#endif
}

/* dg_four returns acc plus the products of four values, as pairs 0 and 2, 1 and 3, with the four bytes of w. */
DG_INLINE int32_t dg_four(uint32_t x02, uint32_t x13, uint32_t w, int32_t acc)
{
    return dg_smlad(x02, dg_weven(w), dg_smlad(x13, dg_wodd(w), acc));
}

DG_INLINE int64_t dg_four64(uint32_t x02, uint32_t x13, uint32_t w, int64_t acc)
{
    return dg_smlald(x02, dg_weven(w), dg_smlald(x13, dg_wodd(w), acc));
}

/* DG_FOUR adds the same to acc, whose type is ACC. */
#define DG_FOUR(ACC, acc, x02, x13, w) ((acc) = (ACC)(sizeof(ACC) == 8 ? dg_four64(x02, x13, w, acc) : dg_four(x02, x13, w, (int32_t)(acc))))

/* dg_apart reads n bytes, 8 or 16, and writes those that are n / 2 apart as pairs. */
DG_INLINE void dg_apart(uint32_t *to, const void *p, int32_t n, int is_unsigned)
{
    const char *from = (const char *)p;
    for (int32_t i = 0; i < n / 2; i += 4, from += 4, to += 4) {
        const uint32_t v = dg_load4(from), u = dg_load4(from + n / 2);
        const uint32_t ve = is_unsigned ? dg_even_u(0, v) : dg_weven(v), vo = is_unsigned ? dg_odd_u(0, v) : dg_wodd(v);
        const uint32_t ue = is_unsigned ? dg_even_u(0, u) : dg_weven(u), uo = is_unsigned ? dg_odd_u(0, u) : dg_wodd(u);
        to[0] = dg_low(ve, ue);
        to[1] = dg_low(vo, uo);
        to[2] = dg_high(ve, ue);
        to[3] = dg_high(vo, uo);
    }
}

#endif
