/* One instance: all kernels for one element type and instruction set, and their table. */
#include "vector.h"
#include "product.h"
#include "windows.h"
#include "pooling.h"
#include "depthwise.h"
#include "functions.h"
#include "chain.h"
#include "resize.h"
#include "softmax.h"
#include "response.h"
#include "arrangement.h"
#include "packing.h"
#include "winograd.h"
#include "peak.h"

const skiff_kernels SKIFF_NAME(kernels) = {
#define SKIFF_TEXT2(x) #x
#define SKIFF_TEXT(x) SKIFF_TEXT2(x)
    .name = SKIFF_TEXT(SKIFF_SET),
    .element_bytes = sizeof(element),
    .lanes = SKIFF_LANES,
    .tile_pixels = SKIFF_TILE,
    .product = SKIFF_NAME(product),
    .pooling = SKIFF_NAME(pooling),
    .depthwise = SKIFF_NAME(depthwise),
    .resize = SKIFF_NAME(resize),
    .global_pooling = SKIFF_NAME(global_pooling),
    .chain = SKIFF_NAME(chain),
    .response = SKIFF_NAME(response),
    .softmax = SKIFF_NAME(softmax),
    .copy = SKIFF_NAME(copy),
    .fill = SKIFF_NAME(fill),
    .gather = SKIFF_NAME(gather),
    .transpose = SKIFF_NAME(transpose),
    .pack = SKIFF_NAME(pack),
    .winograd_input = SKIFF_NAME(winograd_input),
    .winograd_output = SKIFF_NAME(winograd_output),
    .winograd_weights = SKIFF_NAME(winograd_weights),
    .peak = SKIFF_NAME(peak),
};
