/* skiff_product: register tiles of up to SKIFF_TILE pixels by two vectors of outputs. Every sum starts at its bias
   and takes taps and depth in order, so its bits do not hang on the tile it falls into. */

SKIFF_INLINE int is_clamped(const skiff_product *p) { return p->lower != -INFINITY || p->upper != INFINITY; }

/* Adds the addend, clamps and stores what one pixel sums. */
SKIFF_INLINE void finish_pixel(
    const skiff_product *p, vector first, vector second, element *to, int64_t addend, vector lower, vector upper) {
    const element *add = (const element *)p->addend + addend;
    if (p->outputs == 2 * SKIFF_LANES) {
        if (p->addend) {
            first += load(add);
            second += load(add + SKIFF_LANES);
        }
        store(to, clamp(first, lower, upper));
        store(to + SKIFF_LANES, clamp(second, lower, upper));
        return;
    }
    int64_t left = p->outputs < SKIFF_LANES ? p->outputs : SKIFF_LANES;
    int64_t right = p->outputs - left;
    if (p->addend) {
        first += load_part(add, left);
        if (right > 0) second += load_part(add + SKIFF_LANES, right);
    }
    store_part(to, clamp(first, lower, upper), left);
    if (right > 0) store_part(to + SKIFF_LANES, clamp(second, lower, upper), right);
}

#define SKIFF_PRODUCT_TILE(PIXELS)                                                                                     \
    static void SKIFF_NAME(product_##PIXELS)(const skiff_product *p, const element *input, const element *weights,     \
                                             element *output, const int32_t *inputs, const int32_t *outputs,           \
                                             const int32_t *addends) {                                                 \
        vector first[PIXELS], second[PIXELS];                                                                          \
        vector bias0 = load((const element *)p->bias), bias1 = load((const element *)p->bias + SKIFF_LANES);           \
        SKIFF_UNROLL for (int i = 0; i < PIXELS; i++) {                                                                \
            first[i] = bias0;                                                                                          \
            second[i] = bias1;                                                                                         \
        }                                                                                                              \
        int64_t depth = p->depth;                                                                                      \
        for (int64_t tap = 0; tap < p->tap_count; tap++) {                                                             \
            const element *pixel[PIXELS];                                                                              \
            const element *base = input + p->taps[tap];                                                                \
            SKIFF_UNROLL for (int i = 0; i < PIXELS; i++) pixel[i] = base + inputs[i];                                 \
            for (int64_t k = 0; k < depth; k++, weights += 2 * SKIFF_LANES) {                                          \
                vector w0 = load(weights), w1 = load(weights + SKIFF_LANES);                                           \
                SKIFF_UNROLL for (int i = 0; i < PIXELS; i++) {                                                        \
                    vector x = (vector)(pixel[i][k]);                                                                  \
                    first[i] = multiply_add(x, w0, first[i]);                                                          \
                    second[i] = multiply_add(x, w1, second[i]);                                                        \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        if (p->outputs == 2 * SKIFF_LANES && !p->addend && !is_clamped(p)) {                                           \
            SKIFF_UNROLL for (int i = 0; i < PIXELS; i++) {                                                            \
                store(output + outputs[i], first[i]);                                                                  \
                store(output + outputs[i] + SKIFF_LANES, second[i]);                                                   \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        vector lower = (vector)((element)p->lower), upper = (vector)((element)p->upper);                               \
        SKIFF_UNROLL for (int i = 0; i < PIXELS; i++)                                                                  \
            finish_pixel(p, first[i], second[i], output + outputs[i], p->addend ? addends[i] : 0, lower, upper);       \
    }

SKIFF_PRODUCT_TILE(1)
SKIFF_PRODUCT_TILE(2)
SKIFF_PRODUCT_TILE(3)
SKIFF_PRODUCT_TILE(4)
SKIFF_PRODUCT_TILE(5)
SKIFF_PRODUCT_TILE(6)
#if SKIFF_TILE > 6
SKIFF_PRODUCT_TILE(7)
SKIFF_PRODUCT_TILE(8)
SKIFF_PRODUCT_TILE(9)
SKIFF_PRODUCT_TILE(10)
SKIFF_PRODUCT_TILE(11)
SKIFF_PRODUCT_TILE(12)
#endif

/* Tiles of nearly the same size: 14 pixels are 7 and 7, not 12 and 2. */
static void SKIFF_NAME(product_once)(const skiff_product *p, const element *x, const element *w, element *y,
                                     const int32_t *inputs, const int32_t *outputs, const int32_t *addends,
                                     int64_t pixels) {
    int64_t tiles = (pixels + SKIFF_TILE - 1) / SKIFF_TILE;
    for (; tiles > 0; tiles--) {
        int64_t count = (pixels + tiles - 1) / tiles;
#define SKIFF_CASE(PIXELS)                                                                                             \
    case PIXELS: SKIFF_NAME(product_##PIXELS)(p, x, w, y, inputs, outputs, addends); break;
        switch (count) {
            SKIFF_CASE(1) SKIFF_CASE(2) SKIFF_CASE(3) SKIFF_CASE(4) SKIFF_CASE(5) SKIFF_CASE(6)
#if SKIFF_TILE > 6
            SKIFF_CASE(7) SKIFF_CASE(8) SKIFF_CASE(9) SKIFF_CASE(10) SKIFF_CASE(11) SKIFF_CASE(12)
#endif
        }
        inputs += count;
        outputs += count;
        if (addends) addends += count;
        pixels -= count;
    }
}

static void SKIFF_NAME(product)(const skiff_product *p, const int32_t *inputs, const int32_t *outputs,
                                const int32_t *addends, int64_t pixels) {
    const element *x = p->input, *w = p->weights;
    element *y = p->output;
    for (int64_t repeat = 0; repeat < p->repeats; repeat++) {
        SKIFF_NAME(product_once)(p, x, w, y, inputs, outputs, addends, pixels);
        x += p->input_step;
        w += p->weights_step;
        y += p->output_step;
    }
}
