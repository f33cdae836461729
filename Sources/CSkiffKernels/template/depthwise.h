/* skiff_depthwise: a vector of channels for several pixels of a row at once, so that one load of a weight serves them
   all. Every sum starts at its bias and takes the taps in order, whatever the tile. */

/* The channels of an input pixel that `lanes` outputs from `channel` on read. */
static inline __attribute__((always_inline)) vector depthwise_input(
    const element *pixel, int64_t channel, int64_t lanes, int64_t multiplier) {
    if (multiplier == 1) return load_lanes(pixel + channel, lanes);
    element part[SKIFF_LANES] = {0};
    int64_t source = channel / multiplier, rest = channel % multiplier;
    for (int64_t lane = 0; lane < lanes; lane++) {
        part[lane] = pixel[source];
        if (++rest == multiplier) {
            rest = 0;
            source++;
        }
    }
    return load(part);
}

static inline __attribute__((always_inline)) void depthwise_tile(
    const skiff_depthwise *p, int64_t x, taps_inside inside, int64_t channel, int64_t lanes, int pixels,
    int64_t multiplier) {
    const skiff_windows *w = &p->windows;
    vector sum[8];
    vector bias = p->bias ? load_lanes((const element *)p->bias + channel, lanes) : (vector)((element)0);
    SKIFF_UNROLL for (int i = 0; i < pixels; i++) sum[i] = bias;
    int64_t step = w->stride * w->pixel_stride;
    int64_t column = w->first + x * w->stride + inside.first * w->dilation;
    for (int64_t row = 0; row < p->row_count; row++) {
        const element *from = (const element *)p->input + p->rows[row] + column * w->pixel_stride;
        const element *weights =
            (const element *)p->weights + p->weight_rows[row] + inside.first * p->channels + channel;
        for (int64_t tap = inside.first; tap < inside.end; tap++) {
            vector weight = load_lanes(weights, lanes);
            SKIFF_UNROLL for (int i = 0; i < pixels; i++)
                sum[i] = multiply_add(depthwise_input(from + i * step, channel, lanes, multiplier), weight, sum[i]);
            from += w->dilation * w->pixel_stride;
            weights += p->channels;
        }
    }
    vector lower = (vector)((element)p->lower), upper = (vector)((element)p->upper);
    SKIFF_UNROLL for (int i = 0; i < pixels; i++) {
        if (p->addend)
            sum[i] += load_lanes((const element *)p->addend + (x + i) * p->addend_stride + channel, lanes);
        store_lanes((element *)p->output + (x + i) * p->output_stride + channel, clamp(sum[i], lower, upper), lanes);
    }
}

/* `pixels` windows from x on that have the same taps inside. */
#define SKIFF_DEPTHWISE_TILE(PIXELS)                                                                                   \
    static void depthwise_##PIXELS(const skiff_depthwise *p, int64_t x, taps_inside inside) {                          \
        int64_t channel = 0;                                                                                           \
        for (; channel + SKIFF_LANES <= p->channels; channel += SKIFF_LANES)                                           \
            depthwise_tile(p, x, inside, channel, SKIFF_LANES, PIXELS, 1);                                             \
        if (channel == p->channels) return;                                                                            \
        if (channel > 0) depthwise_tile(p, x, inside, p->channels - SKIFF_LANES, SKIFF_LANES, PIXELS, 1);              \
        else depthwise_tile(p, x, inside, 0, p->channels, PIXELS, 1);                                                  \
    }

SKIFF_DEPTHWISE_TILE(1)
SKIFF_DEPTHWISE_TILE(2)
SKIFF_DEPTHWISE_TILE(3)
SKIFF_DEPTHWISE_TILE(4)
SKIFF_DEPTHWISE_TILE(5)
SKIFF_DEPTHWISE_TILE(6)
SKIFF_DEPTHWISE_TILE(7)
SKIFF_DEPTHWISE_TILE(8)

static void depthwise_multiplied(const skiff_depthwise *p, int64_t x, taps_inside inside) {
    for (int64_t channel = 0; channel < p->channels; channel += SKIFF_LANES) {
        int64_t lanes = p->channels - channel < SKIFF_LANES ? p->channels - channel : SKIFF_LANES;
        depthwise_tile(p, x, inside, channel, lanes, 1, p->multiplier);
    }
}

static void depthwise_run(const skiff_depthwise *p, int64_t x, int64_t pixels, taps_inside inside) {
    int64_t tiles = (pixels + 7) / 8;
    for (; tiles > 0; tiles--) {
        int64_t count = (pixels + tiles - 1) / tiles;
        switch (count) {
        case 1: depthwise_1(p, x, inside); break;
        case 2: depthwise_2(p, x, inside); break;
        case 3: depthwise_3(p, x, inside); break;
        case 4: depthwise_4(p, x, inside); break;
        case 5: depthwise_5(p, x, inside); break;
        case 6: depthwise_6(p, x, inside); break;
        case 7: depthwise_7(p, x, inside); break;
        default: depthwise_8(p, x, inside); break;
        }
        x += count;
        pixels -= count;
    }
}

static void SKIFF_NAME(depthwise)(const skiff_depthwise *p, int64_t first, int64_t pixels) {
    const skiff_windows *w = &p->windows;
    int64_t x = first, end = first + pixels;
    while (x < end) {
        taps_inside inside = clipped_taps(w, w->first + x * w->stride);
        if (inside.end < inside.first) inside.end = inside.first;
        if (p->multiplier != 1) {
            depthwise_multiplied(p, x++, inside);
            continue;
        }
        int64_t count = 1;
        if (inside.first == 0 && inside.end == w->taps) {
            /* Windows from here on lie inside until one's last tap is behind the row. */
            int64_t last = w->first + x * w->stride + (w->taps - 1) * w->dilation;
            count = (w->columns - 1 - last) / w->stride + 1;
            if (count > end - x) count = end - x;
        }
        depthwise_run(p, x, count, inside);
        x += count;
    }
}
