/* Which kernels this processor can run: the only place that decides. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "include/skiff_kernels.h"
#include <stddef.h>
#include <string.h>

extern const skiff_kernels skiff_f32_kernels__portable, skiff_f64_kernels__portable;
#if defined(__x86_64__)
extern const skiff_kernels skiff_f32_kernels__avx2, skiff_f64_kernels__avx2;
extern const skiff_kernels skiff_f32_kernels__avx512, skiff_f64_kernels__avx512;

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif
static int has_always(void) { return 1; }

/* Best first. */
static const struct {
    const skiff_kernels *f32, *f64;
    int (*is_supported)(void);
} sets[] = {
#if defined(__x86_64__)
    {&skiff_f32_kernels__avx512, &skiff_f64_kernels__avx512, has_avx512},
    {&skiff_f32_kernels__avx2, &skiff_f64_kernels__avx2, has_avx2},
#endif
    {&skiff_f32_kernels__portable, &skiff_f64_kernels__portable, has_always},
};

enum { set_count = sizeof(sets) / sizeof(sets[0]) };

const skiff_kernels *skiff_kernels_find(const char *name, int32_t element_bytes) {
    for (size_t i = 0; i < set_count; i++) {
        const skiff_kernels *kernels = element_bytes == 8 ? sets[i].f64 : sets[i].f32;
        if (kernels->element_bytes != element_bytes) continue;
        if (name && strcmp(name, kernels->name) != 0) continue;
        if (sets[i].is_supported()) return kernels;
    }
    return NULL;
}

int skiff_kernels_known(const char *name) {
    static const char *const names[] = {"portable", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0) return 1;
    return 0;
}

int skiff_processors(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    return 0;
}

int skiff_current_processor(void) {
#if defined(__linux__)
    return sched_getcpu();
#else
    return -1;
#endif
}

void skiff_leave_processors(const int *taken, int count) {
#if defined(__linux__)
    cpu_set_t allowed, others;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
    others = allowed;
    for (int i = 0; i < count; i++)
        if (taken[i] >= 0 && taken[i] < CPU_SETSIZE) CPU_CLR(taken[i], &others);
    if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof(others), &others) != 0) return;
    sched_setaffinity(0, sizeof(allowed), &allowed);
#else
    (void)taken;
    (void)count;
#endif
}
