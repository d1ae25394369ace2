/* dg_api.h: what programs see of every generated model; it is part of each model's header. C99 and C++11. */
#ifndef DG_API_H
#define DG_API_H

/* DG_ALIGN(n) in front of a declaration aligns it: static DG_ALIGN(NAME_ARENA_ALIGN) uint8_t arena[NAME_ARENA_BYTES]; */
#if defined(__GNUC__)
#define DG_ALIGN(n) __attribute__((aligned(n)))
#elif defined(__cplusplus)
#define DG_ALIGN(n) alignas(n)
#elif defined(_MSC_VER)
#define DG_ALIGN(n) __declspec(align(n))
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define DG_ALIGN(n) _Alignas(n)
#endif

#endif
