/* The micro-kernels: what Swift cannot say. One template per kernel, compiled once per instruction set and
   element type; blocking, packing, planning and threads are Swift's.

   Said once for all kernels: sizes, offsets and strides are in elements, never bytes. Pointers need no alignment
   beyond the element's. Activations are channels last. No kernel allocates, no kernel keeps state. `const void *`
   points to elements of the table's type. */
#ifndef SKIFF_KERNELS_H
#define SKIFF_KERNELS_H

#include <stdint.h>

/* The sums behind convolutions and matrix products, for one slice of `2 * lanes` outputs:

     y[i][o] = clamp(bias[o] + sum_tap sum_k x[pixel_i + taps[tap] + k] * w[tap][k][o] + addend[i][o])

   added in that order, one element's sum never split. */
typedef struct skiff_product {
    const void *input;
    const int64_t *taps;     /* offset of each tap from its pixel */
    int64_t tap_count;
    int64_t depth;           /* consecutive elements read per tap */
    const void *weights;     /* [tap][k][2 * lanes] */
    const void *bias;        /* 2 * lanes elements, zeros where there is none */
    const void *addend;      /* NULL for none */
    void *output;
    int64_t outputs;         /* valid outputs of this slice, 1 to 2 * lanes; the others are not stored */
    double lower, upper;     /* -inf, inf for none; NaN passes */
} skiff_product;

/* One instruction set and element type. */
typedef struct skiff_kernels {
    const char *name;        /* portable, avx2, avx512 */
    int32_t element_bytes;   /* 4 or 8 */
    int32_t lanes;           /* elements of a vector */
    int32_t tile_pixels;     /* most pixels of a register tile */

    /* `pixels` of any count, each by its offsets; in tiles of at most tile_pixels. */
    void (*product)(const skiff_product *product, const int32_t *input_offsets, const int32_t *output_offsets,
                    const int32_t *addend_offsets, int64_t pixels);

    /* A loop of independent multiply-adds; gives how many it did, so that time tells the peak. */
    int64_t (*peak)(int64_t rounds, void *sink);
} skiff_kernels;

/* The table of that name and element size; NULL where it was not compiled for this architecture or the processor
   does not have it. `name` NULL asks for the best one. */
const skiff_kernels *skiff_kernels_find(const char *name, int32_t element_bytes);

/* Whether the name is one of this build's, whatever the processor. */
int skiff_kernels_known(const char *name);

#endif
