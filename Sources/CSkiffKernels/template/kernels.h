/* One instance: all kernels for one element type and instruction set, and their table. */
#include "vector.h"
#include "product.h"
#include "peak.h"

const skiff_kernels SKIFF_NAME(kernels) = {
#define SKIFF_TEXT2(x) #x
#define SKIFF_TEXT(x) SKIFF_TEXT2(x)
    .name = SKIFF_TEXT(SKIFF_SET),
    .element_bytes = sizeof(element),
    .lanes = SKIFF_LANES,
    .tile_pixels = SKIFF_TILE,
    .product = SKIFF_NAME(product),
    .peak = SKIFF_NAME(peak),
};
