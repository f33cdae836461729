/* Winograd's minimal filtering F(m×m, 3×3) for m = 2 and 4 (Lavin and Gray, "Fast Algorithms for Convolutional Neural
   Networks", 2016), with the points 0, 1, -1, (2, -2,) infinity:

     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A

   skiff_winograd_input gives Bᵀ d B, skiff_winograd_weights G g Gᵀ, skiff_winograd_output what Aᵀ […] A gives, with
   bias, addend and clamp. */

/* --- one dimension, m = 4 --- */

SKIFF_INLINE vector scaled(double factor, vector value) { return (vector)((element)factor) * value; }
SKIFF_INLINE vector scaled_add(double factor, vector value, vector sum) {
    return multiply_add((vector)((element)factor), value, sum);
}

/* Bᵀ of six values, in place. */
SKIFF_INLINE void input_line_4(vector *d) {
    vector d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4], d5 = d[5];
    vector even = scaled_add(-4, d2, d4), odd = scaled_add(-4, d1, d3);
    vector outer = d4 - d2, inner = scaled(2, d3 - d1);
    d[0] = scaled_add(4, d0, scaled_add(-5, d2, d4));
    d[1] = even + odd;
    d[2] = even - odd;
    d[3] = outer + inner;
    d[4] = outer - inner;
    d[5] = scaled_add(4, d1, scaled_add(-5, d3, d5));
}

/* Aᵀ of six values: four. */
SKIFF_INLINE void output_line_4(const vector *m, vector *y) {
    vector sum1 = m[1] + m[2], difference1 = m[1] - m[2];
    vector sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = m[0] + (sum1 + sum2);
    y[1] = scaled_add(2, difference2, difference1);
    y[2] = scaled_add(4, sum2, sum1);
    y[3] = scaled_add(8, difference2, difference1) + m[5];
}

/* --- one dimension, m = 2 --- */

SKIFF_INLINE void input_line_2(vector *d) {
    vector d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3];
    d[0] = d0 - d2;
    d[1] = d1 + d2;
    d[2] = d2 - d1;
    d[3] = d1 - d3;
}

SKIFF_INLINE void output_line_2(const vector *m, vector *y) {
    vector sum = m[1] + m[2];
    y[0] = m[0] + sum;
    y[1] = (m[1] - m[2]) - m[3];
}

/* --- input --- */

/* Where the pixels of one tile lie; taps outside the map read zeros. */
SKIFF_INLINE void tile_pixels(const skiff_winograd_input *in, int64_t y, int64_t x, int edge, const element **pixel) {
    const element *data = in->data, *zeros = in->zeros;
    for (int i = 0; i < edge; i++) {
        int64_t row = y + i;
        int is_row = row >= 0 && row < in->height;
        for (int j = 0; j < edge; j++) {
            int64_t column = x + j;
            int is_inside = is_row && column >= 0 && column < in->width;
            pixel[i * edge + j] = is_inside ? data + row * in->row_stride + column * in->pixel_stride : zeros;
        }
    }
}

SKIFF_INLINE vector read(const element *from, int64_t count) {
    return count == SKIFF_LANES ? load(from) : load_part(from, count);
}

SKIFF_INLINE void write(element *to, vector value, int64_t count) {
    if (count == SKIFF_LANES) store(to, value);
    else store_part(to, value, count);
}

SKIFF_INLINE void write_row_4(vector *t, element *to, int64_t stride, int64_t count) {
    input_line_4(t);
    SKIFF_UNROLL for (int j = 0; j < 6; j++) write(to + j * stride, t[j], count);
}

/* Rows of Bᵀ d hang on three or four rows of d, so they are made one or two at a time and none waits in memory. */
SKIFF_INLINE void input_tile_4(const element *const *pixel, int64_t c, element *to, int64_t stride, int64_t count) {
#define SKIFF_AT(i) read(pixel[(i) * 6 + j] + c, count)
#define SKIFF_COLUMNS SKIFF_UNROLL for (int j = 0; j < 6; j++)
    vector t[6], u[6], w[6];
    SKIFF_COLUMNS t[j] = scaled_add(4, SKIFF_AT(0), scaled_add(-5, SKIFF_AT(2), SKIFF_AT(4)));
    write_row_4(t, to, stride, count);
    SKIFF_COLUMNS {
        u[j] = scaled_add(-4, SKIFF_AT(2), SKIFF_AT(4));
        w[j] = scaled_add(-4, SKIFF_AT(1), SKIFF_AT(3));
    }
    SKIFF_COLUMNS t[j] = u[j] + w[j];
    write_row_4(t, to + 6 * stride, stride, count);
    SKIFF_COLUMNS t[j] = u[j] - w[j];
    write_row_4(t, to + 12 * stride, stride, count);
    SKIFF_COLUMNS {
        u[j] = SKIFF_AT(4) - SKIFF_AT(2);
        w[j] = scaled(2, SKIFF_AT(3) - SKIFF_AT(1));
    }
    SKIFF_COLUMNS t[j] = u[j] + w[j];
    write_row_4(t, to + 18 * stride, stride, count);
    SKIFF_COLUMNS t[j] = u[j] - w[j];
    write_row_4(t, to + 24 * stride, stride, count);
    SKIFF_COLUMNS t[j] = scaled_add(4, SKIFF_AT(1), scaled_add(-5, SKIFF_AT(3), SKIFF_AT(5)));
    write_row_4(t, to + 30 * stride, stride, count);
#undef SKIFF_COLUMNS
#undef SKIFF_AT
}

SKIFF_INLINE void input_tile_2(const element *const *pixel, int64_t c, element *to, int64_t stride, int64_t count) {
    vector t[4][4];
    SKIFF_UNROLL for (int j = 0; j < 4; j++) {
        vector d[4];
        SKIFF_UNROLL for (int i = 0; i < 4; i++) d[i] = read(pixel[i * 4 + j] + c, count);
        input_line_2(d);
        SKIFF_UNROLL for (int i = 0; i < 4; i++) t[i][j] = d[i];
    }
    SKIFF_UNROLL for (int i = 0; i < 4; i++) {
        input_line_2(t[i]);
        SKIFF_UNROLL for (int j = 0; j < 4; j++) write(to + (i * 4 + j) * stride, t[i][j], count);
    }
}

static void SKIFF_NAME(winograd_input)(const skiff_winograd_input *in, int64_t y, int64_t x, void *components) {
    const element *pixel[36];
    element *to = components;
    int64_t c = 0, whole = in->channels - in->channels % SKIFF_LANES, rest = in->channels - whole;
    int64_t stride = in->component_stride;
    tile_pixels(in, y, x, in->tile + 2, pixel);
    if (in->tile == 4) {
        for (; c < whole; c += SKIFF_LANES) input_tile_4(pixel, c, to + c, stride, SKIFF_LANES);
        if (rest) input_tile_4(pixel, c, to + c, stride, rest);
    } else {
        for (; c < whole; c += SKIFF_LANES) input_tile_2(pixel, c, to + c, stride, SKIFF_LANES);
        if (rest) input_tile_2(pixel, c, to + c, stride, rest);
    }
}

/* --- output --- */

SKIFF_INLINE void finish_part(const skiff_winograd_output *out, vector value, int64_t at, int64_t addend,
                              int64_t count, vector lower, vector upper) {
    element *to = (element *)out->output + at;
    const element *add = (const element *)out->addend + addend;
    if (count == SKIFF_LANES) {
        if (out->addend) value += load(add);
        store(to, clamp(value, lower, upper));
    } else {
        if (out->addend) value += load_part(add, count);
        store_part(to, clamp(value, lower, upper), count);
    }
}

#define SKIFF_OUTPUT(edge, size, line)                                                                                 \
    {                                                                                                                  \
        vector half[edge][size];                                                                                       \
        SKIFF_UNROLL for (int j = 0; j < edge; j++) {                                                                  \
            vector column[edge];                                                                                       \
            SKIFF_UNROLL for (int i = 0; i < edge; i++) column[i] = load(from + (i * edge + j) * out->component_stride); \
            line(column, half[j]);                                                                                     \
        }                                                                                                              \
        SKIFF_UNROLL for (int i = 0; i < size; i++) {                                                                  \
            if (i < out->rows) {                                                                                       \
                vector row[edge], y[size];                                                                             \
                SKIFF_UNROLL for (int j = 0; j < edge; j++) row[j] = half[j][i];                                       \
                line(row, y);                                                                                          \
                SKIFF_UNROLL for (int j = 0; j < size; j++)                                                            \
                    if (j < out->columns)                                                                              \
                        finish_part(out, y[j] + bias, i * out->row_stride + j * out->pixel_stride + c,                 \
                                    i * out->addend_row_stride + j * out->addend_pixel_stride + c, count, lower,       \
                                    upper);                                                                            \
            }                                                                                                          \
        }                                                                                                              \
    }

static void SKIFF_NAME(winograd_output)(const skiff_winograd_output *out, const void *components) {
    vector lower = (vector)((element)out->lower), upper = (vector)((element)out->upper);
    for (int64_t c = 0; c < out->outputs; c += SKIFF_LANES) {
        int64_t count = out->outputs - c < SKIFF_LANES ? out->outputs - c : SKIFF_LANES;
        const element *from = (const element *)components + c;
        vector bias = load((const element *)out->bias + c);
        if (out->tile == 4) SKIFF_OUTPUT(6, 4, output_line_4)
        else SKIFF_OUTPUT(4, 2, output_line_2)
    }
}

/* --- weights --- */

/* Double, so that 1/6 and 1/24 are rounded once, with the result. */
typedef double wide __attribute__((ext_vector_type(SKIFF_LANES)));

/* G of three values. */
SKIFF_INLINE void weight_line(int tile, wide g0, wide g1, wide g2, wide *u) {
    if (tile == 4) {
        wide even = (g0 + g2) * (-1.0 / 6), odd = g1 * (1.0 / 6);
        wide outer = g0 * (1.0 / 24) + g2 * (1.0 / 6), inner = g1 * (1.0 / 12);
        u[0] = g0 * 0.25;
        u[1] = even - odd;
        u[2] = even + odd;
        u[3] = outer + inner;
        u[4] = outer - inner;
        u[5] = g2;
    } else {
        wide outer = (g0 + g2) * 0.5, inner = g1 * 0.5;
        u[0] = g0;
        u[1] = outer + inner;
        u[2] = outer - inner;
        u[3] = g2;
    }
}

SKIFF_INLINE void weight_tile(int tile, const element *g, int64_t tap_stride, element *to, int64_t stride,
                              int64_t count) {
    wide half[6][3], u[6];
    SKIFF_UNROLL for (int j = 0; j < 3; j++) {
        wide tap[3];
        SKIFF_UNROLL for (int i = 0; i < 3; i++)
            tap[i] = __builtin_convertvector(read(g + (3 * i + j) * tap_stride, count), wide);
        weight_line(tile, tap[0], tap[1], tap[2], u);
        SKIFF_UNROLL for (int i = 0; i < tile + 2; i++) half[i][j] = u[i];
    }
    SKIFF_UNROLL for (int i = 0; i < tile + 2; i++) {
        weight_line(tile, half[i][0], half[i][1], half[i][2], u);
        SKIFF_UNROLL for (int j = 0; j < tile + 2; j++)
            write(to + (i * (tile + 2) + j) * stride, __builtin_convertvector(u[j], vector), count);
    }
}

static void SKIFF_NAME(winograd_weights)(int32_t tile, const void *taps, int64_t tap_stride, void *components,
                                         int64_t component_stride, int64_t count) {
    const element *g = taps;
    element *to = components;
    for (int64_t c = 0; c < count; c += SKIFF_LANES) {
        int64_t lanes = count - c < SKIFF_LANES ? count - c : SKIFF_LANES;
        if (tile == 4 && lanes == SKIFF_LANES) weight_tile(4, g + c, tap_stride, to + c, component_stride, SKIFF_LANES);
        else if (tile == 4) weight_tile(4, g + c, tap_stride, to + c, component_stride, lanes);
        else if (lanes == SKIFF_LANES) weight_tile(2, g + c, tap_stride, to + c, component_stride, SKIFF_LANES);
        else weight_tile(2, g + c, tap_stride, to + c, component_stride, lanes);
    }
}
