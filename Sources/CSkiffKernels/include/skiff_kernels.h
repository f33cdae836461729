/* The micro-kernels: what Swift cannot say. One template per kernel, compiled once per instruction set and
   element type; blocking, packing, planning and threads are Swift's.

   Said once for all kernels: sizes, offsets and strides are in elements, never bytes. Pointers need no alignment
   beyond the element's. Activations are channels last. No kernel allocates, no kernel keeps state. `const void *`
   points to elements of the table's type. */
#ifndef SKIFF_KERNELS_H
#define SKIFF_KERNELS_H

#include <stdint.h>

/* The sums behind convolutions and matrix products, for one slice of at most `2 * lanes` outputs:

     y[i][o] = clamp(bias[o] + sum_tap sum_k x[pixel_i + taps[tap] + k] * w[tap][k][o] + addend[i][o])

   added in that order, one element's sum never split. A slice of at most `lanes` outputs is packed one vector wide,
   a larger one two: `width` is `lanes` or `2 * lanes`. */
typedef struct skiff_product {
    const void *input;
    const int64_t *taps;     /* offset of each tap from its pixel */
    int64_t tap_count;
    int64_t depth;           /* consecutive elements read per tap */
    const void *weights;     /* [tap][k][width] */
    const void *bias;        /* `width` elements, zeros where there is none */
    const void *addend;      /* NULL for none */
    void *output;
    int64_t outputs;         /* of this slice, 1 to 2 * lanes; no more are stored */
    double lower, upper;     /* -inf, inf for none; NaN passes */
    /* The same sums again on other data, `repeats` times, each one step further on. */
    int64_t repeats, input_step, weights_step, output_step;
} skiff_product;

/* One axis of windows over a row of pixels: window x starts at column `first + x * stride`, its taps are `dilation`
   apart. Columns outside 0..<columns are no part of the map. */
typedef struct skiff_windows {
    int64_t columns;         /* pixels of an input row */
    int64_t pixel_stride;    /* elements from one pixel of it to the next */
    int64_t first;           /* column of the first window's first tap, negative where padding stands before */
    int64_t stride, dilation, taps;
} skiff_windows;

/* Maximum or average pooling of one output row, for any number of spatial axes: the caller lists the input rows under
   the windows that lie in the map, in row-major order.

     maximum: y[x][c] = the largest of the window's elements, NaN where one is, -inf where the window is empty
     average: y[x][c] = their sum, added in order, / how many count, 0 where none does

   Output and input do not overlap. */
typedef struct skiff_pooling {
    const void *input;
    const int64_t *rows;     /* offset of each input row */
    int64_t row_count;
    skiff_windows windows;
    int64_t channels;
    void *output;
    int64_t output_stride;   /* elements from one pixel to the next */
    int32_t is_average;
    int32_t counts_padding;  /* the divisor counts taps in the padding too, never those behind it */
    int64_t rows_counted;    /* taps of the other axes that count where padding does */
    int64_t padding_after;   /* columns of padding behind the row */
} skiff_pooling;

/* Maximum or average of each channel over all pixels. Sums are added in blocks, so that their error grows with the
   square root of the count; the order hangs on nothing but the count. Averages of no pixels are NaN, maxima -inf. */
typedef struct skiff_global_pooling {
    const void *input;
    int64_t pixels;
    int64_t pixel_stride;
    int64_t channels;
    void *output;
    int32_t is_average;
} skiff_global_pooling;

/* Convolution of each channel with kernels of its own, one output row, for any number of spatial axes:

     y[x][o] = clamp(bias[o] + sum_row sum_tap x[row][column][o / multiplier] * w[row][tap][o] + addend[x][o])

   Taps outside the map are left out: padding reads as zero as long as weights are finite. Output overlaps nothing. */
typedef struct skiff_depthwise {
    const void *input;
    const int64_t *rows;         /* offset of each input row under the windows */
    const int64_t *weight_rows;  /* offset of each one's weights, [tap][output channel] */
    int64_t row_count;
    skiff_windows windows;
    int64_t channels;            /* outputs */
    int64_t multiplier;          /* outputs of one input channel */
    const void *weights;
    const void *bias;            /* one element per output, NULL for zeros */
    const void *addend;          /* NULL for none */
    int64_t addend_stride;
    void *output;
    int64_t output_stride;
    double lower, upper;         /* -inf, inf for none; NaN passes */
} skiff_depthwise;

/* What one operation of a chain makes of x; y is the operand, a, b and c are numbers of the operation. */
enum skiff_opcode {
    SKIFF_CLAMP,             /* min(max(x, a), b), NaN passes */
    SKIFF_GENERAL_RELU,      /* a * (x - b) for x < b, else min(x, c) */
    SKIFF_LEAKY_RELU,        /* a * x for x < 0, else x */
    SKIFF_THRESHOLDED_RELU,  /* 0 for x <= a, else x */
    SKIFF_ELU,               /* x for x > 0, else a * (e^x - 1) */
    SKIFF_SELU,              /* b * (x for x > 0, else a * (e^x - 1)) */
    SKIFF_CELU,              /* max(0, x) + min(0, a * (e^(x / a) - 1)) */
    SKIFF_SIGMOID,
    SKIFF_TANH,
    SKIFF_SOFTPLUS,          /* log(1 + e^x) */
    SKIFF_SOFTSIGN,          /* x / (1 + |x|) */
    SKIFF_HARD_SIGMOID,      /* min(max(a * x + b, 0), 1) */
    SKIFF_HARD_SWISH,        /* x * min(max(x / 6 + 0.5, 0), 1) */
    SKIFF_SWISH,             /* x * sigmoid(a * x) */
    SKIFF_MISH,              /* x * tanh(softplus(x)) */
    SKIFF_GELU,              /* x / 2 * (1 + erf(x / sqrt 2)) */
    SKIFF_GELU_TANH,         /* x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) */
    SKIFF_SHRINK,            /* x + a for x < -b, x - a for x > b, else 0 */
    SKIFF_ABSOLUTE,
    SKIFF_NEGATE,
    SKIFF_RECIPROCAL,
    SKIFF_SQUARE_ROOT,
    SKIFF_EXPONENTIAL,
    SKIFF_LOGARITHM,
    SKIFF_ERROR,             /* erf(x) */
    SKIFF_SIGN,
    SKIFF_FLOOR,
    SKIFF_CEILING,
    SKIFF_ROUND,             /* ties to even */
    SKIFF_ADD,               /* x + y: this one and those below read the operand */
    SKIFF_SUBTRACT,          /* x - y */
    SKIFF_SUBTRACT_FROM,     /* y - x */
    SKIFF_MULTIPLY,
    SKIFF_DIVIDE,            /* x / y */
    SKIFF_DIVIDE_INTO,       /* y / x */
    SKIFF_MAXIMUM,           /* NaN where one is */
    SKIFF_MINIMUM,
    SKIFF_POWER,             /* x^y */
    SKIFF_POWER_OF,          /* y^x */
    SKIFF_PRELU,             /* x * y for x < 0, else x */
    SKIFF_OPCODES
};

/* Numbers and the operand of an operation; the operand's element of image n, pixel p and channel c stands at
   `n * image_stride + p * pixel_stride + c * channel_stride`, so zeros broadcast it. */
typedef struct skiff_operation {
    int32_t opcode;
    double a, b, c;
    const void *operand;
    int64_t image_stride, pixel_stride;
    int64_t channel_stride;  /* 0 or 1 */
} skiff_operation;

/* Operations on each element of a map, one after the other. In float, functions with an exponential, logarithm or erf
   are rounded once, and err by at most 0.51 units in the last place against libm's in double (measured at every 2003rd
   finite float); in double they are libm's. Formulas of plain operations round after each. Output may be the input, and
   overlaps nothing else. */
typedef struct skiff_chain {
    const skiff_operation *operations;
    int64_t operation_count;  /* at least 1 */
    const void *input;
    int64_t input_stride;    /* elements from one pixel to the next */
    void *output;
    int64_t output_stride;
    int64_t channels;
    int64_t image_pixels;    /* pixels of one image, at least 1 */
} skiff_chain;

/* One output row of a resize by any separable filter; the caller makes the tables, with offsets of elements at the
   ends in place of those outside:

     y[x][c] = sum_i column_weights[i] * sum_r row_weights[r] * in[rows[r] + columns[i] + c]

   with i in starts[x]..<starts[x + 1]. Weights of zero are left out by the caller: they would make NaN of infinities.
   Output overlaps nothing. */
typedef struct skiff_resize {
    const void *input;
    const int64_t *rows;
    const void *row_weights;     /* elements */
    int64_t row_count;
    const int32_t *starts;       /* one more than there are pixels */
    const int64_t *columns;      /* offsets from the row */
    const void *column_weights;  /* elements */
    int64_t channels;
    void *output;
    int64_t output_stride;
} skiff_resize;

/* Softmax of rows, or its logarithm. NaN anywhere and infinity as the largest make the whole row NaN. Output may be the
   input. */
typedef struct skiff_softmax {
    const void *input;
    int64_t input_stride;    /* elements from one row to the next */
    void *output;
    int64_t output_stride;
    int64_t length;
    int32_t is_logarithm;
} skiff_softmax;

/* Local response normalization: x[c] / (bias + factor * sum of the squares of channels c - before ... c + after)^beta.
   Output overlaps nothing. */
typedef struct skiff_response {
    const void *input;
    int64_t input_stride;    /* elements from one pixel to the next */
    void *output;
    int64_t output_stride;
    int64_t channels, before, after;
    double bias, factor, beta;
} skiff_response;

/* Weights of one slice, in the order in which skiff_product reads them:

     output[(tap * channels + channel) * width + o]
         = input[tap * tap_step + channel * channel_step + o * output_step] * scale[o]

   the product in double and rounded once; zeros behind the last output. Input lies at any address. */
typedef struct skiff_packing {
    const void *input;       /* the first output's first element */
    int64_t taps, channels, outputs;
    int64_t tap_step, channel_step, output_step;
    const double *scale;     /* one factor per output, NULL for none */
    void *output;
    int64_t width;           /* at least `outputs` */
} skiff_packing;

/* A map whose tiles of (tile + 2)² pixels are transformed for F(tile × tile, 3×3). */
typedef struct skiff_winograd_input {
    const void *data;        /* one image */
    const void *zeros;       /* `channels` zeros: what taps outside the map read */
    int64_t height, width, channels;
    int64_t row_stride, pixel_stride;
    int64_t component_stride; /* between the (tile + 2)² components of one tile */
    int32_t tile;            /* 2 or 4 */
} skiff_winograd_input;

/* Where the outputs of one tile go, for one slice of at most 2 * lanes outputs. */
typedef struct skiff_winograd_output {
    const void *bias;        /* `width` elements, as skiff_product has it */
    const void *addend;      /* the tile's first pixel; NULL for none */
    void *output;            /* the tile's first pixel */
    int64_t outputs;         /* valid outputs of this slice */
    int64_t rows, columns;   /* pixels of the tile that lie in the map, 1 to tile */
    int64_t row_stride, pixel_stride, addend_row_stride, addend_pixel_stride;
    int64_t component_stride;
    double lower, upper;
    int32_t tile;
} skiff_winograd_output;

/* One instruction set and element type. */
typedef struct skiff_kernels {
    const char *name;        /* portable, avx2, avx512 */
    int32_t element_bytes;   /* 4 or 8 */
    int32_t lanes;           /* elements of a vector */
    int32_t tile_pixels;     /* most pixels of a register tile */

    /* `pixels` of any count, each by its offsets; in tiles of at most tile_pixels. */
    void (*product)(const skiff_product *product, const int32_t *input_offsets, const int32_t *output_offsets,
                    const int32_t *addend_offsets, int64_t pixels);

    /* Pixels `first` to `first + pixels` of the output row. */
    void (*pooling)(const skiff_pooling *pooling, int64_t first, int64_t pixels);
    void (*depthwise)(const skiff_depthwise *depthwise, int64_t first, int64_t pixels);
    void (*resize)(const skiff_resize *resize, int64_t first, int64_t pixels);

    /* Channels `first` to `first + channels`. */
    void (*global_pooling)(const skiff_global_pooling *pooling, int64_t first, int64_t channels);

    /* Pixels of all images, from the first image's first on. */
    void (*chain)(const skiff_chain *chain, int64_t first, int64_t pixels);
    void (*response)(const skiff_response *response, int64_t first, int64_t pixels);

    /* Rows `first` to `first + rows`. */
    void (*softmax)(const skiff_softmax *softmax, int64_t first, int64_t rows);

    /* output[r * output_stride + i] = input[r * input_stride + i], i below length; without overlap. */
    void (*copy)(const void *input, int64_t input_stride, void *output, int64_t output_stride, int64_t rows,
                 int64_t length);

    /* output[r * output_stride + i] = value. */
    void (*fill)(void *output, int64_t output_stride, int64_t rows, int64_t length, double value);

    /* output[p * output_stride + c] = input[offsets[p] + c]: nearest resizing, slices with steps. */
    void (*gather)(const void *input, const int64_t *offsets, void *output, int64_t output_stride, int64_t pixels,
                   int64_t channels);

    /* output[c * output_stride + r] = input[r * input_stride + c]: planes to pixels and back; without overlap. */
    void (*transpose)(const void *input, int64_t input_stride, void *output, int64_t output_stride, int64_t rows,
                      int64_t columns);

    void (*pack)(const skiff_packing *packing);
    /* Components of the tile whose first pixel, padding counted, is (y, x): [component][channel]. */
    void (*winograd_input)(const skiff_winograd_input *input, int64_t y, int64_t x, void *components);

    /* One tile of outputs from its summed components: [component][width]. */
    void (*winograd_output)(const skiff_winograd_output *output, const void *components);

    /* `count` kernels side by side, taps [9][tap_stride] to components [(tile + 2)²][component_stride]. */
    void (*winograd_weights)(int32_t tile, const void *taps, int64_t tap_stride, void *components,
                             int64_t component_stride, int64_t count);

    /* A loop of independent multiply-adds; gives how many it did, so that time tells the peak. */
    int64_t (*peak)(int64_t rounds, void *sink);
} skiff_kernels;

/* The table of that name and element size; NULL where it was not compiled for this architecture or the processor
   does not have it. `name` NULL asks for the best one. */
const skiff_kernels *skiff_kernels_find(const char *name, int32_t element_bytes);

/* Whether the name is one of this build's, whatever the processor. */
int skiff_kernels_known(const char *name);

/* Processors that this process may run on; 0 where the system does not tell. */
int skiff_processors(void);

/* The processor that this thread runs on; -1 where the system does not tell. */
int skiff_current_processor(void);

/* Moves this thread to a processor that is not among those, where there is one; it may be moved on later. */
void skiff_leave_processors(const int *taken, int count);

/* Tells the processor that this is a loop which waits. */
static inline void skiff_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
