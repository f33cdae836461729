/* skiff_product: register tiles of up to SKIFF_TILE pixels by one or two vectors of outputs. Every sum starts at its
   bias and takes taps and depth in order, so its bits do not hang on the tile it falls into. */

SKIFF_INLINE int is_clamped(const skiff_product *p) { return p->lower != -INFINITY || p->upper != INFINITY; }

/* Adds the addend, clamps and stores one vector of what a pixel sums, `count` elements of it. */
SKIFF_INLINE void finish_sum(const skiff_product *p, vector sum, element *to, const element *addend, int64_t count) {
    vector lower = (vector)((element)p->lower), upper = (vector)((element)p->upper);
    if (count >= SKIFF_LANES) {
        if (p->addend) sum += load(addend);
        store(to, clamp(sum, lower, upper));
    } else {
        if (p->addend) sum += load_part(addend, count);
        store_part(to, clamp(sum, lower, upper), count);
    }
}

/* Weights are read once and in order, faster than the processor's own prefetching follows: what is this many bytes
   ahead is asked for now. */
#define SKIFF_AHEAD 8192
SKIFF_INLINE void fetch_weights(const element *weights, int columns) {
    for (int c = 0; c < columns; c++)
        if (c * sizeof(vector) % 64 == 0) __builtin_prefetch((const char *)(weights + c * SKIFF_LANES) + SKIFF_AHEAD);
}

/* Where the tile's outputs go and what is added to them, which may lie in distant caches. */
SKIFF_INLINE void fetch_targets(const skiff_product *p, const element *output, const int32_t *outputs,
                                const int32_t *addends, int pixels, int columns) {
    for (int i = 0; i < pixels; i++)
        for (int c = 0; c < columns; c++) {
            __builtin_prefetch(output + outputs[i] + c * SKIFF_LANES, 1);
            if (p->addend) __builtin_prefetch((const element *)p->addend + addends[i] + c * SKIFF_LANES);
        }
}

#define SKIFF_EACH(variable, count) SKIFF_UNROLL for (int variable = 0; variable < count; variable++)

#define SKIFF_PRODUCT_TILE(PIXELS, COLUMNS)                                                                            \
    static void SKIFF_NAME(product_##PIXELS##_##COLUMNS)(                                                              \
        const skiff_product *p, const element *input, const element *weights, element *output, const int32_t *inputs,  \
        const int32_t *outputs, const int32_t *addends) {                                                              \
        vector sum[COLUMNS][PIXELS];                                                                                   \
        SKIFF_EACH(c, COLUMNS) {                                                                                       \
            vector bias = load((const element *)p->bias + c * SKIFF_LANES);                                            \
            SKIFF_EACH(i, PIXELS) sum[c][i] = bias;                                                                    \
        }                                                                                                              \
        fetch_targets(p, output, outputs, addends, PIXELS, COLUMNS);                                                   \
        int64_t depth = p->depth;                                                                                      \
        for (int64_t tap = 0; tap < p->tap_count; tap++) {                                                             \
            const element *pixel[PIXELS];                                                                              \
            const element *base = input + p->taps[tap];                                                                \
            SKIFF_EACH(i, PIXELS) pixel[i] = base + inputs[i];                                                         \
            for (int64_t k = 0; k < depth; k++, weights += COLUMNS * SKIFF_LANES) {                                    \
                vector w[COLUMNS];                                                                                     \
                fetch_weights(weights, COLUMNS);                                                                       \
                SKIFF_EACH(c, COLUMNS) w[c] = load(weights + c * SKIFF_LANES);                                         \
                SKIFF_EACH(i, PIXELS) {                                                                                \
                    vector x = (vector)(pixel[i][k]);                                                                  \
                    SKIFF_EACH(c, COLUMNS) sum[c][i] = multiply_add(x, w[c], sum[c][i]);                               \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        if (p->outputs == COLUMNS * SKIFF_LANES && !p->addend && !is_clamped(p)) {                                     \
            SKIFF_EACH(i, PIXELS)                                                                                      \
            SKIFF_EACH(c, COLUMNS) store(output + outputs[i] + c * SKIFF_LANES, sum[c][i]);                            \
            return;                                                                                                    \
        }                                                                                                              \
        SKIFF_EACH(i, PIXELS) {                                                                                        \
            const element *addend = p->addend ? (const element *)p->addend + addends[i] : 0;                           \
            SKIFF_EACH(c, COLUMNS)                                                                                     \
            finish_sum(p, sum[c][i], output + outputs[i] + c * SKIFF_LANES, addend ? addend + c * SKIFF_LANES : 0,   \
                       p->outputs - c * SKIFF_LANES);                                                                  \
        }                                                                                                              \
    }

#define SKIFF_PRODUCT_TILES(COLUMNS)                                                                                   \
    SKIFF_PRODUCT_TILE(1, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(2, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(3, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(4, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(5, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(6, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_LARGE_TILES(COLUMNS)

#if SKIFF_TILE > 6
#define SKIFF_PRODUCT_LARGE_TILES(COLUMNS)                                                                             \
    SKIFF_PRODUCT_TILE(7, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(8, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(9, COLUMNS)                                                                                     \
    SKIFF_PRODUCT_TILE(10, COLUMNS)                                                                                    \
    SKIFF_PRODUCT_TILE(11, COLUMNS)                                                                                    \
    SKIFF_PRODUCT_TILE(12, COLUMNS)
#else
#define SKIFF_PRODUCT_LARGE_TILES(COLUMNS)
#endif

SKIFF_PRODUCT_TILES(1)
SKIFF_PRODUCT_TILES(2)

typedef void SKIFF_NAME(tile)(const skiff_product *, const element *, const element *, element *, const int32_t *,
                              const int32_t *, const int32_t *);

/* By columns - 1 and pixels - 1. */
static SKIFF_NAME(tile) *const SKIFF_NAME(tiles)[2][SKIFF_TILE] = {
#define SKIFF_SMALL(COLUMNS)                                                                                           \
    SKIFF_NAME(product_1_##COLUMNS), SKIFF_NAME(product_2_##COLUMNS), SKIFF_NAME(product_3_##COLUMNS),                 \
        SKIFF_NAME(product_4_##COLUMNS), SKIFF_NAME(product_5_##COLUMNS), SKIFF_NAME(product_6_##COLUMNS)
#if SKIFF_TILE > 6
#define SKIFF_LARGE(COLUMNS)                                                                                           \
    , SKIFF_NAME(product_7_##COLUMNS), SKIFF_NAME(product_8_##COLUMNS), SKIFF_NAME(product_9_##COLUMNS),               \
        SKIFF_NAME(product_10_##COLUMNS), SKIFF_NAME(product_11_##COLUMNS), SKIFF_NAME(product_12_##COLUMNS)
#else
#define SKIFF_LARGE(COLUMNS)
#endif
    {SKIFF_SMALL(1) SKIFF_LARGE(1)},
    {SKIFF_SMALL(2) SKIFF_LARGE(2)},
};

/* Tiles of nearly the same size: 14 pixels are 7 and 7, not 12 and 2. */
static void SKIFF_NAME(product)(const skiff_product *p, const int32_t *inputs, const int32_t *outputs,
                                const int32_t *addends, int64_t pixels) {
    SKIFF_NAME(tile) *const *tiles = SKIFF_NAME(tiles)[p->outputs > SKIFF_LANES];
    const element *x = p->input, *w = p->weights;
    element *y = p->output;
    for (int64_t repeat = 0; repeat < p->repeats; repeat++) {
        int64_t done = 0;
        for (int64_t rest = (pixels + SKIFF_TILE - 1) / SKIFF_TILE; rest > 0; rest--) {
            int64_t count = (pixels - done + rest - 1) / rest;
            tiles[count - 1](p, x, w, y, inputs + done, outputs + done, addends ? addends + done : 0);
            done += count;
        }
        x += p->input_step;
        w += p->weights_step;
        y += p->output_step;
    }
}
