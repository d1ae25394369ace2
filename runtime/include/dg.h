/* dg.h: what deepgo's kernels take from the compiler and the machine. */
#ifndef DG_H
#define DG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define DG_INLINE static inline __attribute__((unused))
#define DG_RESTRICT __restrict
#elif !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#define DG_INLINE static inline
#define DG_RESTRICT restrict
#else
#define DG_INLINE static inline
#define DG_RESTRICT
#endif

/* DG_ROM qualifies constants: on AVR an address space in flash, which plain indexing then reads; nothing elsewhere. */
#ifndef DG_ROM
#define DG_ROM
#endif

/* DG_MEM qualifies parameters that take a constant or other memory: the generated function has DG_ROM there, or nothing. */
#ifndef DG_MEM
#define DG_MEM
#endif

/* dg_idx holds every index and offset of the model: int16_t where that is enough on a 16-bit machine. */
#ifndef DG_IDX
#define DG_IDX int32_t
#endif
typedef DG_IDX dg_idx;

/* DG_COPY copies a constant number of bytes, without a call where they are few. */
#if defined(__GNUC__)
#define DG_COPY(to, from, bytes) __builtin_memcpy(to, from, bytes)
#else
#define DG_COPY(to, from, bytes) memcpy(to, from, bytes)
#endif

/* DG_UNROLL asks for a short loop with constant bounds to be written out, DG_UNROLL4 for four rounds of any loop. */
#if defined(__clang__)
#define DG_UNROLL _Pragma("unroll")
#define DG_UNROLL4 _Pragma("unroll 4")
#elif defined(__GNUC__)
#define DG_UNROLL _Pragma("GCC unroll 16")
#define DG_UNROLL4 _Pragma("GCC unroll 4")
#else
#define DG_UNROLL
#define DG_UNROLL4
#endif

/* DG_ALONE begins a function that is assembly only. */
#if defined(__clang__)
#define DG_ALONE static __attribute__((naked, noinline, unused))
#elif defined(__GNUC__)
#define DG_ALONE static __attribute__((naked, noipa, unused)) /* GCC would find that the function changes nothing */
#endif

/* DG_ROWS is the type of a parameter that takes rows of a tensor of T: pointers to them, NULL for one outside. */
#define DG_ROWS(T) const void *const *

#endif
