/* dg_vec_lookup.h: looking up bytes in a table of 256, in vectors. */
#ifndef DG_VEC_LOOKUP_H
#define DG_VEC_LOOKUP_H

#include "dg_vec8.h"

/* dg_lookup looks up n bytes, a multiple of 16, in a table that begins with what is for -128, or with is_signed 0 for 0. It returns how many it
 * did: none where the machine has no instruction for it. y may be x. */
DG_INLINE int32_t dg_lookup(const void *x, const void *table, void *y, int32_t n, int is_signed)
{
#if defined(DG_A64)
    /* The table is in v16 to v31; TBL looks up in 64 bytes and gives 0 beyond them, TBX leaves what is there. */
    int32_t left = n;
    if (n > 0) {
        __asm__ volatile("ld1 {v16.16b-v19.16b}, [%[table]], #64\n ld1 {v20.16b-v23.16b}, [%[table]], #64\n"
                         "ld1 {v24.16b-v27.16b}, [%[table]], #64\n ld1 {v28.16b-v31.16b}, [%[table]]\n movi v2.16b, #64\n dup v3.16b, %w[flip]\n"
                         "1: ldr q0, [%[x]], #16\n eor v0.16b, v0.16b, v3.16b\n tbl v1.16b, {v16.16b-v19.16b}, v0.16b\n sub v0.16b, v0.16b, v2.16b\n"
                         "tbx v1.16b, {v20.16b-v23.16b}, v0.16b\n sub v0.16b, v0.16b, v2.16b\n tbx v1.16b, {v24.16b-v27.16b}, v0.16b\n"
                         "sub v0.16b, v0.16b, v2.16b\n tbx v1.16b, {v28.16b-v31.16b}, v0.16b\n subs %w[left], %w[left], #16\n str q1, [%[y]], #16\n b.ne 1b\n"
                         : [x] "+r"(x), [table] "+r"(table), [y] "+r"(y), [left] "+r"(left)
                         : [flip] "r"(is_signed ? 128 : 0)
                         : "cc", "memory", "v0", "v1", "v2", "v3", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                           "v30", "v31");
    }
    return n;
#elif defined(DG_X86) && DG_VL == 16 && defined(__AVX512VBMI__)
    dg_vb t[4];
    memcpy(t, table, 256);
    for (int32_t i = 0; i < n; i += 16) {
        dg_b16 v;
        memcpy(&v, (const uint8_t *)x + i, 16);
        const dg_b16 at = is_signed ? v ^ (int8_t)-128 : v;
        dg_b16 r;
        dg_vb low, high, wide = { 0 };
        memcpy(&wide, &at, 16);
        low = high = wide;
        __asm__("vpermi2b %2, %1, %0" : "+v"(low) : "v"(t[0]), "v"(t[1]));
        __asm__("vpermi2b %2, %1, %0" : "+v"(high) : "v"(t[2]), "v"(t[3]));
        memcpy(&v, &low, 16);
        memcpy(&r, &high, 16);
        r = (r & (at < 0)) | (v & ~(at < 0));
        memcpy((uint8_t *)y + i, &r, 16);
    }
    return n;
#else
    (void)x, (void)table, (void)y, (void)n, (void)is_signed;
    return 0;
#endif
}

#endif
