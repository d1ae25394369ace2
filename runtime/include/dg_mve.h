/* dg_mve.h: what kernels for the vectors of Armv8.1-M (Helium: Cortex-M55, M85) share. They are in assembly: GCC 12 knows no loops that end
 * in the middle of a vector, and fails on some of the intrinsics. */
#ifndef DG_MVE_H
#define DG_MVE_H

#include "dg.h"

/* DG_HELIUM begins a function in assembly alone, DG_HELIUM_INLINE one with assembly in it. */
#if !defined(__ARM_FEATURE_MVE)
#error "this was compiled by deepgo for a processor with Helium: give the C compiler -mcpu=cortex-m55 -mfloat-abi=hard or the like, or compile the model for another --target"
#endif
#define DG_HELIUM_INLINE DG_INLINE
#if defined(__clang__)
#define DG_HELIUM static __attribute__((naked, noinline, unused))
#else
#define DG_HELIUM static __attribute__((naked, noipa, unused)) /* GCC would find that the function changes nothing */
#endif

/* dg_bytes copies n bytes, each of them xor flip. It returns the end. */
DG_HELIUM_INLINE uint8_t *dg_bytes(uint8_t *to, const void *from, int32_t n, int32_t flip)
{
    uint8_t *end = to + n;
    if (flip == 0) {
        __asm__ volatile("wlstp.8 lr, %[n], 2f\n 1: vldrb.u8 q0, [%[from]], #16\n vstrb.8 q0, [%[to]], #16\n letp lr, 1b\n 2:\n"
                         : [to] "+l"(to), [from] "+l"(from)
                         : [n] "r"(n)
                         : "q0", "lr", "memory");
    } else {
        __asm__ volatile("vdup.8 q1, %[flip]\n wlstp.8 lr, %[n], 2f\n 1: vldrb.u8 q0, [%[from]], #16\n veor q0, q0, q1\n vstrb.8 q0, [%[to]], #16\n letp lr, 1b\n 2:\n"
                         : [to] "+l"(to), [from] "+l"(from)
                         : [n] "r"(n), [flip] "r"(flip)
                         : "q0", "q1", "lr", "memory");
    }
    return end;
}

/* dg_same writes v to n bytes. It returns the end. */
DG_HELIUM_INLINE uint8_t *dg_same(uint8_t *to, int32_t v, int32_t n)
{
    uint8_t *end = to + n;
    __asm__ volatile("vdup.8 q0, %[v]\n wlstp.8 lr, %[n], 2f\n 1: vstrb.8 q0, [%[to]], #16\n letp lr, 1b\n 2:\n"
                     : [to] "+l"(to)
                     : [n] "r"(n), [v] "r"(v)
                     : "q0", "lr", "memory");
    return end;
}

#endif
