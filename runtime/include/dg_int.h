/* dg_int.h: integer functions of elements, where C has no operator that means the same for every operand. Narrow elements are
 * computed in 32 bits; the caller wraps the result. */
#ifndef DG_INT_H
#define DG_INT_H

#include "dg.h"

#define DG_MAX(x, y) ((x) < (y) ? (y) : (x))
#define DG_MIN(x, y) ((y) < (x) ? (y) : (x))

DG_INLINE int32_t dg_max_i32(int32_t x, int32_t y)
{
    return DG_MAX(x, y);
}

DG_INLINE uint32_t dg_max_u32(uint32_t x, uint32_t y)
{
    return DG_MAX(x, y);
}

DG_INLINE int64_t dg_max_i64(int64_t x, int64_t y)
{
    return DG_MAX(x, y);
}

DG_INLINE uint64_t dg_max_u64(uint64_t x, uint64_t y)
{
    return DG_MAX(x, y);
}

DG_INLINE int32_t dg_min_i32(int32_t x, int32_t y)
{
    return DG_MIN(x, y);
}

DG_INLINE uint32_t dg_min_u32(uint32_t x, uint32_t y)
{
    return DG_MIN(x, y);
}

DG_INLINE int64_t dg_min_i64(int64_t x, int64_t y)
{
    return DG_MIN(x, y);
}

DG_INLINE uint64_t dg_min_u64(uint64_t x, uint64_t y)
{
    return DG_MIN(x, y);
}

DG_INLINE uint32_t dg_abs_i32(int32_t x)
{
    return x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
}

DG_INLINE uint32_t dg_abs_u32(uint32_t x)
{
    return x;
}

DG_INLINE uint64_t dg_abs_i64(int64_t x)
{
    return x < 0 ? 0u - (uint64_t)x : (uint64_t)x;
}

DG_INLINE uint64_t dg_abs_u64(uint64_t x)
{
    return x;
}

DG_INLINE int32_t dg_sign_i32(int32_t x)
{
    return (x > 0) - (x < 0);
}

DG_INLINE int32_t dg_sign_u32(uint32_t x)
{
    return x != 0;
}

DG_INLINE int32_t dg_sign_i64(int64_t x)
{
    return (x > 0) - (x < 0);
}

DG_INLINE int32_t dg_sign_u64(uint64_t x)
{
    return x != 0;
}

DG_INLINE uint32_t dg_prelu_i32(int32_t x, int32_t slope)
{
    return x < 0 ? (uint32_t)x * (uint32_t)slope : (uint32_t)x;
}

DG_INLINE uint32_t dg_prelu_u32(uint32_t x, uint32_t slope)
{
    (void)slope;
    return x;
}

DG_INLINE uint64_t dg_prelu_i64(int64_t x, int64_t slope)
{
    return x < 0 ? (uint64_t)x * (uint64_t)slope : (uint64_t)x;
}

DG_INLINE uint64_t dg_prelu_u64(uint64_t x, uint64_t slope)
{
    (void)slope;
    return x;
}

/* Division truncates. By zero it gives 0; the least value by -1 wraps. */
DG_INLINE int32_t dg_div_i32(int32_t x, int32_t y)
{
    return y == 0 ? 0 : y == -1 ? (int32_t)(0u - (uint32_t)x) : x / y;
}

DG_INLINE uint32_t dg_div_u32(uint32_t x, uint32_t y)
{
    return y == 0 ? 0 : x / y;
}

DG_INLINE int64_t dg_div_i64(int64_t x, int64_t y)
{
    return y == 0 ? 0 : y == -1 ? (int64_t)(0u - (uint64_t)x) : x / y;
}

DG_INLINE uint64_t dg_div_u64(uint64_t x, uint64_t y)
{
    return y == 0 ? 0 : x / y;
}

/* A remainder has the divisor's sign; by zero it is the dividend. */
DG_INLINE int32_t dg_mod_i32(int32_t x, int32_t y)
{
    const int32_t r = y == 0 ? x : y == -1 ? 0 : x % y;
    return r != 0 && y != 0 && (r < 0) != (y < 0) ? r + y : r;
}

DG_INLINE uint32_t dg_mod_u32(uint32_t x, uint32_t y)
{
    return y == 0 ? x : x % y;
}

DG_INLINE int64_t dg_mod_i64(int64_t x, int64_t y)
{
    const int64_t r = y == 0 ? x : y == -1 ? 0 : x % y;
    return r != 0 && y != 0 && (r < 0) != (y < 0) ? r + y : r;
}

DG_INLINE uint64_t dg_mod_u64(uint64_t x, uint64_t y)
{
    return y == 0 ? x : x % y;
}

/* Powers wrap; of a negative power 0 is left, unless the base is 1 or -1. */
DG_INLINE uint64_t dg_pow_u64(uint64_t x, int64_t n)
{
    uint64_t y = n < 0 && x != 1 ? 0 : 1;
    for (; n > 0; n >>= 1, x *= x) {
        y = (n & 1) != 0 ? y * x : y;
    }
    return y;
}

DG_INLINE uint64_t dg_pow_i64(int64_t x, int64_t n)
{
    return n < 0 && x == -1 ? (n & 1) != 0 ? UINT64_MAX : 1 : dg_pow_u64((uint64_t)x, n);
}

DG_INLINE uint64_t dg_pow_i32(int32_t x, int64_t n)
{
    return dg_pow_i64(x, n);
}

DG_INLINE uint64_t dg_pow_u32(uint32_t x, int64_t n)
{
    return dg_pow_u64(x, n);
}

/* A shift by n of a type of so many bits; one by too many, or by a negative number, leaves nothing but the sign. */
DG_INLINE uint32_t dg_shl_u32(uint32_t x, uint32_t n, uint32_t bits)
{
    return n >= bits ? 0 : x << n;
}

DG_INLINE uint32_t dg_shl_i32(int32_t x, int32_t n, uint32_t bits)
{
    return dg_shl_u32((uint32_t)x, (uint32_t)n, bits);
}

DG_INLINE uint64_t dg_shl_u64(uint64_t x, uint64_t n, uint32_t bits)
{
    return n >= bits ? 0 : x << n;
}

DG_INLINE uint64_t dg_shl_i64(int64_t x, int64_t n, uint32_t bits)
{
    return dg_shl_u64((uint64_t)x, (uint64_t)n, bits);
}

DG_INLINE uint32_t dg_shr_u32(uint32_t x, uint32_t n, uint32_t bits)
{
    return n >= bits ? 0 : x >> n;
}

DG_INLINE uint64_t dg_shr_u64(uint64_t x, uint64_t n, uint32_t bits)
{
    return n >= bits ? 0 : x >> n;
}

/* C leaves open what >> does to a negative number: its complement is shifted. */
DG_INLINE uint64_t dg_shr_i64(int64_t x, int64_t n, uint32_t bits)
{
    const uint64_t u = (uint64_t)x;
    return x < 0 ? ~dg_shr_u64(~u, (uint64_t)n, bits) : dg_shr_u64(u, (uint64_t)n, bits);
}

DG_INLINE uint32_t dg_shr_i32(int32_t x, int32_t n, uint32_t bits)
{
    return (uint32_t)dg_shr_i64(x, n, bits);
}

#endif
