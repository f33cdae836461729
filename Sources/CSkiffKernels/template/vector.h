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

/* The first `count` elements; the others are zero. */
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
