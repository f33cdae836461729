/* Which kernels this processor can run: the only place that decides. */
#include "include/skiff_codec.h"
#include <stddef.h>
#include <string.h>

extern const skiff_codec_kernels skiff_codec__portable;
#if defined(__x86_64__)
extern const skiff_codec_kernels skiff_codec__avx2, skiff_codec__avx512;

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt")
        && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

const skiff_codec_kernels *skiff_codec_find(const char *name) {
#if defined(__x86_64__)
    if (strcmp(name, "avx512") == 0 && has_avx512()) return &skiff_codec__avx512;
    if (strcmp(name, "avx2") == 0 && has_avx2()) return &skiff_codec__avx2;
#endif
    return strcmp(name, "portable") == 0 ? &skiff_codec__portable : NULL;
}

const skiff_codec_kernels *skiff_codec_best(void) {
#if defined(__x86_64__)
    if (has_avx512()) return &skiff_codec__avx512;
    if (has_avx2()) return &skiff_codec__avx2;
#endif
    return &skiff_codec__portable;
}
