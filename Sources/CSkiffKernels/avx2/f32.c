#if defined(__x86_64__)
#define SKIFF_ELEMENT float
#define SKIFF_ELEMENT_BYTES 4
#define SKIFF_ELEMENT_NAME f32
#define SKIFF_SET avx2
#define SKIFF_LANES 8
#define SKIFF_TILE 6
#define SKIFF_FUSED 1
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "../template/kernels.h"
#pragma clang attribute pop
#else
typedef int skiff_not_this_architecture;
#endif
