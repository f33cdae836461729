/* Runs every kernel of every instruction set that this processor has on buffers that end where their elements end, and
   compares with plain loops: meant for clang's address and undefined-behaviour sanitizers, see `make sanitize`.

     kernels [CASES [SEED]]

   Each case prints nothing or, where it fails, its seed. */
#include "../../Sources/CSkiffKernels/include/skiff_kernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const skiff_kernels *kernels;
static uint64_t state;
static int failures;

static uint64_t next(void) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static int64_t between(int64_t low, int64_t high) { return low + (int64_t)(next() % (uint64_t)(high - low + 1)); }
static double uniform(void) { return (double)(next() >> 11) * 0x1p-52 - 1; }

/* A count around the places where vectors and tiles end. */
static int64_t extent(void) {
    static const int64_t around[] = {1, 2, 3, 5, 7, 13, 31, 67};
    int64_t lanes = kernels->lanes;
    switch (between(0, 4)) {
    case 0: return around[between(0, 7)];
    case 1: return lanes + between(-1, 1);
    case 2: return 2 * lanes + between(-1, 1);
    case 3: return 4 * lanes + between(-1, 1);
    default: return between(1, 40);
    }
}

/* Elements of the table's type in a block of their own that ends with the last. */
typedef struct buffer {
    char *block, *elements;
    int64_t count;
} buffer;

static buffer *made[16];
static int made_count;

static buffer *buffer_of(int64_t count) {
    buffer *b = malloc(sizeof(buffer));
    int64_t bytes = kernels->element_bytes, shift = between(0, 1);
    b->block = malloc((size_t)((count + shift) * bytes) + (count + shift == 0));
    b->elements = b->block + shift * bytes;
    b->count = count;
    return made[made_count++] = b;
}

static void free_all(void) {
    while (made_count > 0) {
        buffer *b = made[--made_count];
        free(b->block);
        free(b);
    }
}

static double get(const buffer *b, int64_t i) {
    return kernels->element_bytes == 8 ? ((double *)b->elements)[i] : ((float *)b->elements)[i];
}

static void set(buffer *b, int64_t i, double value) {
    if (kernels->element_bytes == 8) ((double *)b->elements)[i] = value;
    else ((float *)b->elements)[i] = (float)value;
}

static buffer *random_buffer(int64_t count) {
    buffer *b = buffer_of(count);
    for (int64_t i = 0; i < count; i++) set(b, i, uniform());
    return b;
}

/* Numbers, with some that are none, infinite, tiny or negative zero among them. */
static buffer *odd_buffer(int64_t count) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e-42, -1e-42, 1e-310, -0.0, 0.0, 3e38, -3e38};
    buffer *b = random_buffer(count);
    for (int64_t i = 0; i < count; i++)
        if (between(0, 9) == 0) set(b, i, odd[between(0, 9)]);
    return b;
}

/* What gaps between outputs hold before and after. */
static const double untouched = 12345;

static buffer *output_buffer(int64_t count) {
    buffer *b = buffer_of(count);
    for (int64_t i = 0; i < count; i++) set(b, i, untouched);
    return b;
}

static double epsilon(void) { return kernels->element_bytes == 8 ? 0x1p-52 : 0x1p-23; }

/* One unit in the last place of a number in the table's type, and a half of it for the rounding. */
static double unit(double x) {
    double smallest = kernels->element_bytes == 8 ? 0x1p-1074 : 0x1p-149;
    return 1.5 * fmax(fabs(x) * epsilon(), smallest);
}

static int expect(const char *name, double found, double expected, double tolerance) {
    if (found == expected || (isnan(found) && isnan(expected)) || fabs(found - expected) <= tolerance) return 1;
    printf("%s: found %.17g, expected %.17g within %g\n", name, found, expected, tolerance);
    return 0;
}

/* Outputs of `width` elements every `stride`, and what lies between them. */
static int expect_gaps(const char *name, const buffer *b, int64_t stride, int64_t width) {
    for (int64_t i = 0; i < b->count; i++)
        if (i % stride >= width && !expect(name, get(b, i), untouched, 0)) return 0;
    return 1;
}

static double clamped(double x, double lower, double upper) {
    if (lower > x) x = lower;
    return upper < x ? upper : x;
}

static int test_product(void) {
    int64_t taps = between(1, 4), depth = extent(), pixels = between(0, 30);
    int64_t outputs = between(1, 2 * kernels->lanes), stride = outputs + between(0, 3);
    int64_t slice = outputs > kernels->lanes ? 2 * kernels->lanes : kernels->lanes;
    buffer *input = random_buffer(taps * 3 + pixels * 2 + depth), *weights = random_buffer(taps * depth * slice);
    buffer *bias = random_buffer(slice), *addend = random_buffer((pixels > 0 ? pixels - 1 : 0) * stride + outputs);
    buffer *output = output_buffer((pixels > 0 ? pixels - 1 : 0) * stride + outputs);
    int64_t offsets[4];
    int32_t in[30], out[30];
    for (int64_t t = 0; t < taps; t++) offsets[t] = t * 3;
    for (int64_t i = 0; i < pixels; i++) {
        in[i] = (int32_t)(i * 2);
        out[i] = (int32_t)(i * stride);
    }
    skiff_product p = {input->elements, offsets, taps, depth, weights->elements, bias->elements,
                       between(0, 1) ? addend->elements : NULL, output->elements, outputs, -0.5, 0.75, 1, 0, 0, 0};
    kernels->product(&p, in, out, out, pixels);
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t o = 0; o < outputs; o++) {
            double sum = get(bias, o) + (p.addend ? get(addend, i * stride + o) : 0);
            for (int64_t t = 0; t < taps; t++)
                for (int64_t k = 0; k < depth; k++)
                    sum += get(input, i * 2 + t * 3 + k) * get(weights, (t * depth + k) * slice + o);
            double tolerance = epsilon() * (double)(taps * depth + 2) * (double)(taps * depth + 2);
            if (!expect("product", get(output, i * stride + o), clamped(sum, -0.5, 0.75), tolerance)) return 0;
        }
    return pixels == 0 || expect_gaps("product", output, stride, outputs);
}

/* Windows that a row of so many pixels may have, wherever they start. */
static skiff_windows random_windows(int64_t columns, int64_t pixel_stride) {
    skiff_windows w = {columns, pixel_stride, between(-5, 3), between(1, 3), between(1, 3), between(1, 5)};
    return w;
}

static int is_inside(const skiff_windows *w, int64_t x, int64_t tap, int64_t *column) {
    *column = w->first + x * w->stride + tap * w->dilation;
    return *column >= 0 && *column < w->columns;
}

static int test_pooling(void) {
    int64_t channels = extent(), pixel = channels + between(0, 2), columns = between(1, 12), rows = between(0, 4);
    int64_t pixels = between(0, 9), stride = channels + between(0, 2), offsets[4];
    buffer *input = odd_buffer((rows + 1) * columns * pixel), *output = output_buffer(pixels * stride);
    for (int64_t r = 0; r < rows; r++) offsets[r] = (rows - 1 - r) * columns * pixel;
    skiff_pooling p = {input->elements, offsets, rows, random_windows(columns, pixel), channels, output->elements,
                       stride, (int32_t)between(0, 1), (int32_t)between(0, 1), rows + 1, between(0, 3)};
    int64_t split = between(0, pixels);
    kernels->pooling(&p, 0, split);
    kernels->pooling(&p, split, pixels - split);
    for (int64_t x = 0; x < pixels; x++)
        for (int64_t c = 0; c < channels; c++) {
            double best = -INFINITY, sum = 0, size = 0;
            int64_t inside = 0, counted = 0, column;
            for (int64_t tap = 0; tap < p.windows.taps; tap++) {
                if (is_inside(&p.windows, x, tap, &column)) inside++;
                if (column < columns + p.padding_after) counted++;
            }
            for (int64_t r = 0; r < rows; r++)
                for (int64_t tap = 0; tap < p.windows.taps; tap++) {
                    if (!is_inside(&p.windows, x, tap, &column)) continue;
                    double element = get(input, offsets[r] + column * pixel + c);
                    sum += element;
                    size += fabs(element);
                    if (element > best || isnan(element)) best = element;
                }
            int64_t divisor = p.counts_padding ? counted * p.rows_counted : inside * rows;
            double mean = divisor == 0 ? 0 : sum / (double)divisor;
            if (fabs(sum) > 3e38 && kernels->element_bytes == 4) continue;
            double tolerance = 32 * epsilon() * size + unit(0);
            if (!expect("pooling", get(output, x * stride + c), p.is_average ? mean : best, tolerance))
                return 0;
        }
    return expect_gaps("pooling", output, stride, channels);
}

static int test_global_pooling(void) {
    int64_t channels = extent(), pixel = channels + between(0, 2), pixels = between(0, 3) ? between(1, 400) : 0;
    buffer *input = random_buffer(pixels > 0 ? (pixels - 1) * pixel + channels : 0), *output = output_buffer(channels);
    if (pixels > 0 && between(0, 3) == 0) set(input, between(0, channels - 1), NAN);
    skiff_global_pooling p = {input->elements, pixels, pixel, channels, output->elements, (int32_t)between(0, 1)};
    int64_t split = between(0, channels);
    kernels->global_pooling(&p, 0, split);
    kernels->global_pooling(&p, split, channels - split);
    for (int64_t c = 0; c < channels; c++) {
        double best = -INFINITY, sum = 0;
        for (int64_t i = 0; i < pixels; i++) {
            double element = get(input, i * pixel + c);
            sum += element;
            if (element > best || isnan(element)) best = element;
        }
        double mean = sum / (double)pixels;
        if (!expect("global pooling", get(output, c), p.is_average ? mean : best, 70 * epsilon())) return 0;
    }
    return 1;
}

static int test_depthwise(void) {
    int64_t multiplier = between(0, 3) ? 1 : between(2, 3), inputs = extent(), channels = inputs * multiplier;
    int64_t pixel = inputs + between(0, 2), columns = between(1, 24), rows = between(0, 4), pixels = between(0, 25);
    int64_t stride = channels + between(0, 2), offsets[4], weight_rows[4];
    buffer *input = random_buffer((rows + 1) * columns * pixel), *weights = random_buffer(5 * 5 * channels);
    buffer *bias = random_buffer(channels), *addend = random_buffer(pixels * stride);
    buffer *output = output_buffer(pixels * stride);
    for (int64_t r = 0; r < rows; r++) {
        offsets[r] = (rows - 1 - r) * columns * pixel;
        weight_rows[r] = (r + 1) * 5 * channels;
    }
    skiff_depthwise p = {input->elements, offsets, weight_rows, rows, random_windows(columns, pixel), channels,
                         multiplier, weights->elements, between(0, 1) ? bias->elements : NULL,
                         between(0, 1) ? addend->elements : NULL, stride, output->elements, stride, -1, INFINITY};
    int64_t split = between(0, pixels);
    kernels->depthwise(&p, 0, split);
    kernels->depthwise(&p, split, pixels - split);
    for (int64_t x = 0; x < pixels; x++)
        for (int64_t c = 0; c < channels; c++) {
            double sum = (p.bias ? get(bias, c) : 0) + (p.addend ? get(addend, x * stride + c) : 0);
            int64_t column;
            for (int64_t r = 0; r < rows; r++)
                for (int64_t tap = 0; tap < p.windows.taps; tap++)
                    if (is_inside(&p.windows, x, tap, &column))
                        sum += get(input, offsets[r] + column * pixel + c / multiplier)
                            * get(weights, weight_rows[r] + tap * channels + c);
            sum = clamped(sum, -1, INFINITY);
            if (!expect("depthwise", get(output, x * stride + c), sum, 500 * epsilon())) return 0;
        }
    return expect_gaps("depthwise", output, stride, channels);
}

/* The formulas that the reference evaluator has. */
static double applied(const skiff_operation *op, double x, double y) {
    double a = op->a, b = op->b, soft = (x > 0 || isnan(x) ? x : 0) + log1p(exp(-fabs(x)));
    switch (op->opcode) {
    case SKIFF_CLAMP: return clamped(x, a, b);
    case SKIFF_GENERAL_RELU: return x < b ? a * (x - b) : x > op->c ? op->c : x;
    case SKIFF_LEAKY_RELU: return x < 0 ? a * x : x;
    case SKIFF_THRESHOLDED_RELU: return x <= a ? 0 : x;
    case SKIFF_ELU: return x > 0 ? x : a * expm1(x);
    case SKIFF_SELU: return b * (x > 0 ? x : a * expm1(x));
    case SKIFF_CELU: return x > 0 ? x + 0 : isnan(x) ? x : a * expm1(x / a);
    case SKIFF_SIGMOID: return 1 / (1 + exp(-x));
    case SKIFF_TANH: return tanh(x);
    case SKIFF_SOFTPLUS: return soft;
    case SKIFF_SOFTSIGN: return x / (1 + fabs(x));
    case SKIFF_HARD_SIGMOID: return clamped(a * x + b, 0, 1);
    case SKIFF_HARD_SWISH: return x * clamped(x / 6 + 0.5, 0, 1);
    case SKIFF_SWISH: return x * (1 / (1 + exp(-a * x)));
    case SKIFF_MISH: return x * tanh(soft);
    case SKIFF_GELU: return 0.5 * x * erfc(-x * sqrt(0.5));
    case SKIFF_GELU_TANH: return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case SKIFF_SHRINK: return x < -b ? x + a : x > b ? x - a : 0;
    case SKIFF_ABSOLUTE: return fabs(x);
    case SKIFF_NEGATE: return -x;
    case SKIFF_RECIPROCAL: return 1 / x;
    case SKIFF_SQUARE_ROOT: return sqrt(x);
    case SKIFF_EXPONENTIAL: return exp(x);
    case SKIFF_LOGARITHM: return log(x);
    case SKIFF_ERROR: return erf(x);
    case SKIFF_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x;
    case SKIFF_FLOOR: return floor(x);
    case SKIFF_CEILING: return ceil(x);
    case SKIFF_ROUND: return rint(x);
    case SKIFF_ADD: return x + y;
    case SKIFF_SUBTRACT: return x - y;
    case SKIFF_SUBTRACT_FROM: return y - x;
    case SKIFF_MULTIPLY: return x * y;
    case SKIFF_DIVIDE: return x / y;
    case SKIFF_DIVIDE_INTO: return y / x;
    case SKIFF_MAXIMUM: return x > y || isnan(x) ? x : y;
    case SKIFF_MINIMUM: return x < y || isnan(x) ? x : y;
    case SKIFF_POWER: return pow(x, y);
    case SKIFF_POWER_OF: return pow(y, x);
    default: return x < 0 ? x * y : x;
    }
}

static int test_chain(void) {
    int64_t channels = extent(), pixels = between(0, 40), image = between(1, 20), images = pixels / image + 1;
    int64_t from = channels + (between(0, 1) ? between(0, 2) : 0), to = channels + (between(0, 1) ? between(0, 2) : 0);
    int64_t kind = between(0, 4);
    buffer *input = odd_buffer(pixels * from), *output = output_buffer(pixels * to);
    for (int64_t i = 0; i < input->count; i++) set(input, i, get(input, i) * (i % 3 ? 1 : 20));
    skiff_operation op = {(int32_t)between(0, SKIFF_OPCODES - 1), 0.25, 0.75, 4, NULL, 0, 0, kind < 3};
    op.pixel_stride = kind == 0 ? channels : kind == 3 ? 1 : 0;
    op.image_stride = kind == 0 ? channels * image : kind == 2 ? channels : kind == 3 ? image : 0;
    buffer *operand = odd_buffer(images * (op.image_stride > channels ? op.image_stride : channels));
    op.operand = operand->elements;
    skiff_chain p = {&op, 1, input->elements, from, output->elements, to, channels, image};
    int64_t split = between(0, pixels);
    kernels->chain(&p, 0, split);
    kernels->chain(&p, split, pixels - split);
    char name[32];
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t c = 0; c < channels; c++) {
            double x = get(input, i * from + c);
            double y = get(operand, i / image * op.image_stride + i % image * op.pixel_stride + c * op.channel_stride);
            double expected = applied(&op, x, y);
            double tolerance = unit(expected);
            /* Sums that cancel round at the size of their parts. */
            if (op.opcode == SKIFF_HARD_SIGMOID) tolerance = epsilon();
            if (op.opcode == SKIFF_HARD_SWISH) tolerance = 2 * epsilon() * fabs(x);
            if (op.opcode == SKIFF_GENERAL_RELU || op.opcode == SKIFF_SELU || op.opcode == SKIFF_GELU) tolerance *= 4;
            if (op.opcode == SKIFF_SOFTSIGN) tolerance *= 4;
            /* An exponential multiplies the error of its argument. */
            if (op.opcode == SKIFF_GELU_TANH && kernels->element_bytes == 8) tolerance *= 8 + 8 * fabs(x * x * x);
            if (kernels->element_bytes == 8 && op.opcode == SKIFF_MISH) tolerance *= 4;
            if (kernels->element_bytes == 4) expected = (float)expected;
            snprintf(name, sizeof(name), "chain %d of %g", op.opcode, x);
            if (!expect(name, get(output, i * to + c), expected, tolerance)) return 0;
        }
    return expect_gaps("chain", output, to, channels);
}

static int test_resize(void) {
    int64_t channels = extent(), columns = between(1, 9), rows = between(1, 4), pixels = between(0, 9);
    int64_t stride = channels + between(0, 2), offsets[4], taps[40];
    int32_t starts[10] = {0};
    buffer *input = random_buffer(rows * columns * channels), *output = output_buffer(pixels * stride);
    buffer *row_weights = random_buffer(rows), *column_weights = random_buffer(40);
    for (int64_t r = 0; r < rows; r++) offsets[r] = r * columns * channels;
    for (int64_t x = 0; x < pixels; x++) {
        starts[x + 1] = starts[x] + (int32_t)between(0, 4);
        for (int32_t i = starts[x]; i < starts[x + 1]; i++) taps[i] = between(0, columns - 1) * channels;
    }
    skiff_resize p = {input->elements, offsets, row_weights->elements, rows, starts, taps, column_weights->elements,
                      channels, output->elements, stride};
    kernels->resize(&p, 0, pixels);
    for (int64_t x = 0; x < pixels; x++)
        for (int64_t c = 0; c < channels; c++) {
            double sum = 0;
            for (int32_t i = starts[x]; i < starts[x + 1]; i++)
                for (int64_t r = 0; r < rows; r++)
                    sum += get(column_weights, i) * get(row_weights, r) * get(input, offsets[r] + taps[i] + c);
            if (!expect("resize", get(output, x * stride + c), sum, 50 * epsilon())) return 0;
        }
    return expect_gaps("resize", output, stride, channels);
}

static int test_softmax(void) {
    int64_t length = extent(), rows = between(0, 5), from = length + between(0, 2), to = length + between(0, 2);
    buffer *input = between(0, 3) ? random_buffer(rows * from) : odd_buffer(rows * from);
    buffer *output = output_buffer(rows * to);
    skiff_softmax p = {input->elements, from, output->elements, to, length, (int32_t)between(0, 1)};
    kernels->softmax(&p, 0, rows);
    for (int64_t r = 0; r < rows; r++) {
        double largest = -INFINITY, sum = 0;
        for (int64_t i = 0; i < length; i++) {
            double x = get(input, r * from + i);
            if (x > largest || isnan(x)) largest = x;
        }
        for (int64_t i = 0; i < length; i++) sum += exp(get(input, r * from + i) - largest);
        for (int64_t i = 0; i < length; i++) {
            double distance = get(input, r * from + i) - largest;
            double expected = p.is_logarithm ? distance - log(sum) : exp(distance) / sum;
            if (kernels->element_bytes == 4) expected = (float)expected;
            if (!expect("softmax", get(output, r * to + i), expected, 40 * unit(expected))) return 0;
        }
    }
    return expect_gaps("softmax", output, to, length);
}

static int test_response(void) {
    int64_t channels = extent(), pixels = between(0, 5), from = channels + between(0, 2), to = channels + between(0, 2);
    buffer *input = random_buffer(pixels * from), *output = output_buffer(pixels * to);
    skiff_response p = {input->elements, from, output->elements, to, channels, between(0, 4), between(0, 4),
                        1.5, 0.3, 0.75};
    kernels->response(&p, 0, pixels);
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t c = 0; c < channels; c++) {
            double squares = 0;
            for (int64_t other = c - p.before; other <= c + p.after; other++)
                if (other >= 0 && other < channels) squares += pow(get(input, i * from + other), 2);
            double expected = get(input, i * from + c) / pow(p.bias + p.factor * squares, p.beta);
            if (!expect("response", get(output, i * to + c), expected, 4 * unit(expected))) return 0;
        }
    return expect_gaps("response", output, to, channels);
}

static int test_arrangement(void) {
    int64_t rows = extent(), columns = extent(), from = columns + between(0, 2), to = columns + between(0, 2);
    int64_t across = rows + between(0, 2), offsets[300];
    buffer *input = odd_buffer((rows - 1) * from + columns), *copied = output_buffer((rows - 1) * to + columns);
    buffer *gathered = output_buffer((rows - 1) * to + columns);
    buffer *turned = output_buffer((columns - 1) * across + rows), *filled = output_buffer((rows - 1) * to + columns);
    for (int64_t r = 0; r < rows; r++) offsets[r] = between(0, rows - 1) * from;
    kernels->copy(input->elements, from, copied->elements, to, rows, columns);
    kernels->gather(input->elements, offsets, gathered->elements, to, rows, columns);
    kernels->transpose(input->elements, from, turned->elements, across, rows, columns);
    kernels->fill(filled->elements, to, rows, columns, -2.5);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            double x = get(input, r * from + c);
            if (!expect("copy", get(copied, r * to + c), x, 0)) return 0;
            if (!expect("gather", get(gathered, r * to + c), get(input, offsets[r] + c), 0)) return 0;
            if (!expect("transpose", get(turned, c * across + r), x, 0)) return 0;
            if (!expect("fill", get(filled, r * to + c), -2.5, 0)) return 0;
        }
    return expect_gaps("copy", copied, to, columns) && expect_gaps("gather", gathered, to, columns)
        && expect_gaps("fill", filled, to, columns) && expect_gaps("transpose", turned, across, rows);
}

static int test_packing(void) {
    int64_t taps = between(1, 9), channels = extent(), all = extent();
    int64_t outputs = all < 2 * kernels->lanes ? all : 2 * kernels->lanes;
    int64_t width = outputs > kernels->lanes ? 2 * kernels->lanes : kernels->lanes;
    int64_t orders[3][3] = {{1, taps, taps * channels}, {channels * all, all, 1}, {channels, 1, taps * channels}};
    const int64_t *steps = orders[between(0, 2)];
    buffer *input = random_buffer(taps * channels * all), *output = output_buffer(taps * channels * width);
    double *scale = malloc((size_t)outputs * sizeof(double));
    for (int64_t o = 0; o < outputs; o++) scale[o] = uniform();
    skiff_packing packing = {input->elements, taps, channels, outputs, steps[0], steps[1], steps[2],
                             between(0, 1) ? scale : NULL, output->elements, width};
    kernels->pack(&packing);
    int good = 1;
    for (int64_t t = 0; t < taps && good; t++)
        for (int64_t c = 0; c < channels && good; c++)
            for (int64_t o = 0; o < width && good; o++) {
                double x = o < outputs ? get(input, t * steps[0] + c * steps[1] + o * steps[2]) : 0;
                if (o < outputs && packing.scale) x *= scale[o];
                if (kernels->element_bytes == 4) x = (float)x;
                good = expect("pack", get(output, (t * channels + c) * width + o), x, 0);
            }
    free(scale);
    return good;
}

/* One tile through the three transforms, beside the direct sums. */
static int test_winograd(void) {
    int32_t tile = between(0, 1) ? 4 : 2;
    int64_t edge = tile + 2, parts = edge * edge, height = between(1, 8), width = between(1, 8);
    int64_t channels = between(1, 3 * kernels->lanes), outputs = between(1, 2 * kernels->lanes);
    int64_t slice = outputs > kernels->lanes ? 2 * kernels->lanes : kernels->lanes;
    int64_t y = between(-2, height - 1), x = between(-2, width - 1);
    buffer *map = random_buffer(height * width * channels), *zeros = buffer_of(channels), *bias = random_buffer(slice);
    buffer *taps = random_buffer(9 * channels * slice), *weights = output_buffer(parts * channels * slice);
    buffer *parts_in = output_buffer(parts * channels), *sums = buffer_of(parts * slice);
    int64_t rows = between(1, tile), columns = between(1, tile), row_stride = columns * outputs;
    buffer *output = output_buffer(rows * row_stride), *addend = random_buffer(rows * row_stride);
    for (int64_t c = 0; c < channels; c++) set(zeros, c, 0);
    kernels->winograd_weights(tile, taps->elements, channels * slice, weights->elements, channels * slice,
                              channels * slice);
    skiff_winograd_input in = {map->elements, zeros->elements, height, width, channels, width * channels, channels,
                               channels, tile};
    kernels->winograd_input(&in, y, x, parts_in->elements);
    for (int64_t p = 0; p < parts; p++)
        for (int64_t o = 0; o < slice; o++) {
            double sum = 0;
            for (int64_t c = 0; c < channels; c++)
                sum += get(parts_in, p * channels + c) * get(weights, (p * channels + c) * slice + o);
            set(sums, p * slice + o, sum);
        }
    skiff_winograd_output out = {bias->elements, addend->elements, output->elements, outputs, rows, columns, row_stride,
                                 outputs, row_stride, outputs, slice, -3, 3, tile};
    kernels->winograd_output(&out, sums->elements);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            for (int64_t o = 0; o < outputs; o++) {
                double sum = get(bias, o) + get(addend, i * row_stride + j * outputs + o);
                for (int64_t tap = 0; tap < 9; tap++) {
                    int64_t row = y + i + tap / 3, column = x + j + tap % 3;
                    if (row < 0 || row >= height || column < 0 || column >= width) continue;
                    for (int64_t c = 0; c < channels; c++)
                        sum += get(map, (row * width + column) * channels + c)
                            * get(taps, (tap * channels + c) * slice + o);
                }
                double found = get(output, i * row_stride + j * outputs + o);
                double tolerance = epsilon() * 100 * (double)(channels + 10);
                if (!expect("winograd", found, clamped(sum, -3, 3), tolerance)) return 0;
            }
    return 1;
}

int main(int count, char **arguments) {
    static int (*const tests[])(void) = {test_product, test_pooling, test_global_pooling, test_depthwise, test_chain,
                                         test_chain, test_chain, test_resize, test_softmax, test_response,
                                         test_arrangement, test_packing, test_winograd};
    static const char *const sets[] = {"portable", "avx2", "avx512"};
    enum { test_count = sizeof(tests) / sizeof(tests[0]) };
    uint64_t cases = count > 1 ? strtoull(arguments[1], NULL, 10) : 20000;
    uint64_t first = count > 2 ? strtoull(arguments[2], NULL, 10) : 0;
    for (int set = 0; set < 6; set++) {
        kernels = skiff_kernels_find(sets[set / 2], set % 2 ? 8 : 4);
        if (!kernels) continue;
        for (uint64_t seed = first; seed < first + cases && failures < 20; seed++) {
            state = seed * 0x2545f4914f6cdd1d;
            if (!tests[seed % test_count]()) {
                printf("  kernels %s of %d bytes: repeat with `kernels 1 %llu`\n", kernels->name,
                       kernels->element_bytes, (unsigned long long)seed);
                failures++;
            }
            free_all();
        }
        printf("%s, %d bytes: %llu cases\n", kernels->name, kernels->element_bytes, (unsigned long long)cases);
    }
    if (failures) printf("%d failures\n", failures);
    return failures != 0;
}
