/* The kernels of one instruction set: SKIFF_SET names it, the compiler's target is set around this file. */
#include "../include/skiff_statistics.h"
#include <string.h>

#pragma clang fp contract(off)
/* Vectors that no function of another set sees: all that takes or gives them is inlined. */
#pragma clang diagnostic ignored "-Wpsabi"

#define SKIFF_PASTE(a, b) a##__##b
#define SKIFF_EXPAND(a, b) SKIFF_PASTE(a, b)

typedef double doubles __attribute__((vector_size(64)));
typedef int64_t longs __attribute__((vector_size(64)));
typedef double doubles_anywhere __attribute__((vector_size(64), aligned(8)));
typedef float floats __attribute__((vector_size(32)));
typedef float floats_anywhere __attribute__((vector_size(32), aligned(4)));
typedef int32_t ints __attribute__((vector_size(32)));

/* Eight numbers as doubles. */
static inline __attribute__((always_inline)) doubles load_float(const float *x) {
    return __builtin_convertvector((floats) * (const floats_anywhere *)x, doubles);
}
static inline __attribute__((always_inline)) doubles load_double(const double *x) {
    return (doubles) * (const doubles_anywhere *)x;
}
static inline __attribute__((always_inline)) doubles smaller(doubles a, doubles b) {
    longs mask = a < b;
    return (doubles)(((longs)a & mask) | ((longs)b & ~mask));
}
static inline __attribute__((always_inline)) doubles larger(doubles a, doubles b) {
    longs mask = a > b;
    return (doubles)(((longs)a & mask) | ((longs)b & ~mask));
}

#define SKIFF_NUMBER float
#define SKIFF_BITS uint32_t
#define SKIFF_FRACTION 23
#define SKIFF_EXPONENTS 256
#define SKIFF_LOAD load_float
#define SKIFF_NAMED(name) SKIFF_EXPAND(name##_f32, SKIFF_SET)
#include "numbers.h"
#undef SKIFF_NUMBER
#undef SKIFF_BITS
#undef SKIFF_FRACTION
#undef SKIFF_EXPONENTS
#undef SKIFF_LOAD
#undef SKIFF_NAMED

#define SKIFF_NUMBER double
#define SKIFF_BITS uint64_t
#define SKIFF_FRACTION 52
#define SKIFF_EXPONENTS 2048
#define SKIFF_LOAD load_double
#define SKIFF_NAMED(name) SKIFF_EXPAND(name##_f64, SKIFF_SET)
#include "numbers.h"

#include "elements.h"

#define SKIFF_OF(name, type) SKIFF_EXPAND(name##_##type, SKIFF_SET)
#define SKIFF_LOOPS(type) \
    {SKIFF_OF(survey, type), SKIFF_OF(channels, type), SKIFF_OF(deviations, type), SKIFF_OF(histogram, type), \
     SKIFF_OF(distinct, type)}
#define SKIFF_STRING(name) #name
#define SKIFF_QUOTED(name) SKIFF_STRING(name)

const skiff_statistics_kernels SKIFF_EXPAND(skiff_statistics, SKIFF_SET) = {
    SKIFF_QUOTED(SKIFF_SET), SKIFF_LOOPS(f32), SKIFF_LOOPS(f64), SKIFF_EXPAND(convert, SKIFF_SET),
    SKIFF_EXPAND(look_up, SKIFF_SET), SKIFF_EXPAND(digest, SKIFF_SET),
};
