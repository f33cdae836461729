#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#define SKIFF_SET avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,popcnt,bmi,bmi2"))), \
    apply_to = function)
#include "../template/kernels.h"
#pragma clang attribute pop
#else
typedef int skiff_not_this_architecture;
#endif
