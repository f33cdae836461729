/* Which kernels this processor can run: the only place that decides. */
#include "include/skiff_statistics.h"
#include <stddef.h>
#include <string.h>

extern const skiff_statistics_kernels skiff_statistics__portable;
#if defined(__x86_64__)
extern const skiff_statistics_kernels skiff_statistics__avx2, skiff_statistics__avx512;

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

const skiff_statistics_kernels *skiff_statistics_find(const char *name) {
#if defined(__x86_64__)
    if (strcmp(name, "avx512") == 0 && has_avx512()) return &skiff_statistics__avx512;
    if (strcmp(name, "avx2") == 0 && has_avx2()) return &skiff_statistics__avx2;
#endif
    return strcmp(name, "portable") == 0 ? &skiff_statistics__portable : NULL;
}

const skiff_statistics_kernels *skiff_statistics_best(void) {
#if defined(__x86_64__)
    if (has_avx512()) return &skiff_statistics__avx512;
    if (has_avx2()) return &skiff_statistics__avx2;
#endif
    return &skiff_statistics__portable;
}
