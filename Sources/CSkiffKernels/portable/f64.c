/* Vectors of 16 bytes, which every processor has in some form: NEON on arm64, SSE2 on x86-64. */
#define SKIFF_ELEMENT double
#define SKIFF_ELEMENT_BYTES 8
#define SKIFF_ELEMENT_NAME f64
#define SKIFF_SET portable
#define SKIFF_LANES 2
#if defined(__aarch64__)
#define SKIFF_TILE 12
#define SKIFF_FUSED 1
#else
#define SKIFF_TILE 6
#define SKIFF_FUSED 0
#endif
#include "../template/kernels.h"
