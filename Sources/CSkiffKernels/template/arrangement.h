/* Elements moved, not computed with. */

static inline __attribute__((always_inline)) void copy_run(const element *from, element *to, int64_t length) {
    if (length >= SKIFF_LANES) {
        int64_t i = 0;
        for (; i + SKIFF_LANES <= length; i += SKIFF_LANES) store(to + i, load(from + i));
        if (i < length) store(to + length - SKIFF_LANES, load(from + length - SKIFF_LANES));
        return;
    }
    for (int64_t i = 0; i < length; i++) to[i] = from[i];
}

static void SKIFF_NAME(copy)(const void *input, int64_t input_stride, void *output, int64_t output_stride,
                             int64_t rows, int64_t length) {
    if (rows > 0 && input_stride == length && output_stride == length) {
        memcpy(output, input, (size_t)(rows * length) * sizeof(element));
        return;
    }
    for (int64_t row = 0; row < rows; row++)
        copy_run((const element *)input + row * input_stride, (element *)output + row * output_stride, length);
}

static void SKIFF_NAME(fill)(void *output, int64_t output_stride, int64_t rows, int64_t length, double value) {
    for (int64_t row = 0; row < rows; row++) {
        element *to = (element *)output + row * output_stride;
        for (int64_t i = 0; i < length; i++) to[i] = (element)value;
    }
}

static void SKIFF_NAME(gather)(const void *input, const int64_t *offsets, void *output, int64_t output_stride,
                               int64_t pixels, int64_t channels) {
    for (int64_t pixel = 0; pixel < pixels; pixel++)
        copy_run((const element *)input + offsets[pixel], (element *)output + pixel * output_stride, channels);
}

typedef element four __attribute__((ext_vector_type(4), aligned(sizeof(element))));

/* Four rows of four. */
static inline __attribute__((always_inline)) void transpose_four(
    const element *from, int64_t from_stride, element *to, int64_t to_stride) {
    four a = *(const four *)from, b = *(const four *)(from + from_stride);
    four c = *(const four *)(from + 2 * from_stride), d = *(const four *)(from + 3 * from_stride);
    four ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    four cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(four *)to = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
    *(four *)(to + to_stride) = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
    *(four *)(to + 2 * to_stride) = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
    *(four *)(to + 3 * to_stride) = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
}

/* Three planes to pixels of three channels: the image that comes in. */
static void interleave_three(const element *restrict a, const element *restrict b, const element *restrict c,
                             element *restrict to, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        to[3 * i] = a[i];
        to[3 * i + 1] = b[i];
        to[3 * i + 2] = c[i];
    }
}

/* Square blocks, so that both sides stay in the cache. */
enum { transposed_block = 32 };

static void transpose_block(const element *from, int64_t from_stride, element *to, int64_t to_stride, int64_t rows,
                            int64_t columns) {
    int64_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        const element *source = from + row * from_stride;
        element *target = to + row;
        int64_t column = 0;
        for (; column + 4 <= columns; column += 4)
            transpose_four(source + column, from_stride, target + column * to_stride, to_stride);
        for (; column < columns; column++)
            for (int64_t i = 0; i < 4; i++) target[column * to_stride + i] = source[i * from_stride + column];
    }
    for (; row < rows; row++)
        for (int64_t column = 0; column < columns; column++)
            to[column * to_stride + row] = from[row * from_stride + column];
}

static void SKIFF_NAME(transpose)(const void *input, int64_t input_stride, void *output, int64_t output_stride,
                                  int64_t rows, int64_t columns) {
    const element *from = (const element *)input;
    element *to = (element *)output;
    if (rows == 1 && output_stride == 1) {
        copy_run(from, to, columns);
    } else if (columns == 1 && input_stride == 1) {
        copy_run(from, to, rows);
    } else if (rows == 3 && output_stride == 3) {
        interleave_three(from, from + input_stride, from + 2 * input_stride, to, columns);
    } else {
        for (int64_t row = 0; row < rows; row += transposed_block)
            for (int64_t column = 0; column < columns; column += transposed_block)
                transpose_block(from + row * input_stride + column, input_stride, to + column * output_stride + row,
                                output_stride, rows - row < transposed_block ? rows - row : transposed_block,
                                columns - column < transposed_block ? columns - column : transposed_block);
    }
}
