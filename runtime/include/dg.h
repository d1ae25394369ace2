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

#endif
