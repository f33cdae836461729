#if defined(__x86_64__)
#define SKIFF_ELEMENT double
#define SKIFF_ELEMENT_BYTES 8
#define SKIFF_ELEMENT_NAME f64
#define SKIFF_SET avx512
#define SKIFF_LANES 8
#define SKIFF_TILE 12
#define SKIFF_FUSED 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#include "../template/kernels.h"
#pragma clang attribute pop
#else
typedef int skiff_not_this_architecture;
#endif
