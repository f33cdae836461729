/* The vector type of one instance and the few operations that depend on it. An instance defines before it includes
   this: SKIFF_ELEMENT (float, double), SKIFF_ELEMENT_BYTES, SKIFF_ELEMENT_NAME (f32, f64), SKIFF_SET (avx512, …),
   SKIFF_LANES, SKIFF_TILE (pixels of a register tile, 6 or 12) and SKIFF_FUSED (1 where the processor fuses
   multiply-adds). */
#include "../include/skiff_kernels.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

/* Vectors wider than a register are passed between functions of one file only. */
#pragma clang diagnostic ignored "-Wpsabi"

typedef SKIFF_ELEMENT element;
typedef element vector __attribute__((ext_vector_type(SKIFF_LANES), aligned(sizeof(element))));

#define SKIFF_JOIN3(type, kernel, set) skiff_##type##_##kernel##__##set
#define SKIFF_JOIN2(type, kernel, set) SKIFF_JOIN3(type, kernel, set)
/* skiff_f32_product__avx512 */
#define SKIFF_NAME(kernel) SKIFF_JOIN2(SKIFF_ELEMENT_NAME, kernel, SKIFF_SET)
#define SKIFF_INLINE static inline __attribute__((always_inline))
#define SKIFF_UNROLL _Pragma("clang loop unroll(full)")

SKIFF_INLINE vector load(const element *from) { return *(const vector *)from; }
SKIFF_INLINE void store(element *to, vector value) { *(vector *)to = value; }

SKIFF_INLINE vector multiply_add(vector left, vector right, vector sum) {
#if SKIFF_FUSED
    return __builtin_elementwise_fma(left, right, sum);
#else
    return left * right + sum;
#endif
}

/* NaN passes: a comparison with it is false. */
SKIFF_INLINE vector clamp(vector value, vector lower, vector upper) {
    value = lower > value ? lower : value;
    return upper < value ? upper : value;
}

/* load_part: the first `count` elements, the others are zero and not read. store_part: the first `count` elements, at
   most all lanes. By masks where the processor has them: a loop over lanes costs more than the rest of a short sum. */
#if defined(__x86_64__) && SKIFF_LANES * SKIFF_ELEMENT_BYTES == 64
typedef element masked __attribute__((__vector_size__(64)));
#define SKIFF_MASK ((1u << count) - 1)
#if SKIFF_ELEMENT_BYTES == 4
#define SKIFF_MASKED_LOAD(from) __builtin_ia32_loadups512_mask(from, (masked){0}, (unsigned short)SKIFF_MASK)
#define SKIFF_MASKED_STORE(to, value) __builtin_ia32_storeups512_mask(to, value, (unsigned short)SKIFF_MASK)
#else
#define SKIFF_MASKED_LOAD(from) __builtin_ia32_loadupd512_mask(from, (masked){0}, (unsigned char)SKIFF_MASK)
#define SKIFF_MASKED_STORE(to, value) __builtin_ia32_storeupd512_mask(to, value, (unsigned char)SKIFF_MASK)
#endif
#elif defined(__x86_64__) && SKIFF_LANES * SKIFF_ELEMENT_BYTES == 32
typedef element masked __attribute__((__vector_size__(32)));
#if SKIFF_ELEMENT_BYTES == 4
typedef int lane_mask __attribute__((__vector_size__(32)));
#define SKIFF_MASK ((lane_mask){0, 1, 2, 3, 4, 5, 6, 7} < (int)count)
#define SKIFF_MASKED_LOAD(from) __builtin_ia32_maskloadps256((const masked *)(from), SKIFF_MASK)
#define SKIFF_MASKED_STORE(to, value) __builtin_ia32_maskstoreps256((masked *)(to), SKIFF_MASK, value)
#else
typedef long long lane_mask __attribute__((__vector_size__(32)));
#define SKIFF_MASK ((lane_mask){0, 1, 2, 3} < (long long)count)
#define SKIFF_MASKED_LOAD(from) __builtin_ia32_maskloadpd256((const masked *)(from), SKIFF_MASK)
#define SKIFF_MASKED_STORE(to, value) __builtin_ia32_maskstorepd256((masked *)(to), SKIFF_MASK, value)
#endif
#endif

#if defined(SKIFF_MASKED_LOAD)
SKIFF_INLINE vector load_part(const element *from, int64_t count) { return (vector)SKIFF_MASKED_LOAD(from); }
SKIFF_INLINE void store_part(element *to, vector value, int64_t count) { SKIFF_MASKED_STORE(to, (masked)value); }
#else
static inline vector load_part(const element *from, int64_t count) {
    element part[SKIFF_LANES] = {0};
    for (int64_t lane = 0; lane < count; lane++) part[lane] = from[lane];
    return load(part);
}

static inline void store_part(element *to, vector value, int64_t count) {
    element part[SKIFF_LANES];
    store(part, value);
    for (int64_t lane = 0; lane < count; lane++) to[lane] = part[lane];
}
#endif
