/* skiff_pooling and skiff_global_pooling: vectors of channels, each element's sum in the order of its taps. */

static inline __attribute__((always_inline)) void pool_channels(
    const skiff_pooling *p, int64_t column, int64_t taps, element divisor, element *to, int64_t channel, int vectors,
    int64_t lanes, int is_average) {
    vector value[4];
    SKIFF_UNROLL for (int v = 0; v < vectors; v++) value[v] = (vector)(is_average ? (element)0 : (element)-INFINITY);
    int64_t step = p->windows.dilation * p->windows.pixel_stride;
    for (int64_t row = 0; row < p->row_count; row++) {
        const element *from =
            (const element *)p->input + p->rows[row] + column * p->windows.pixel_stride + channel;
        for (int64_t tap = 0; tap < taps; tap++, from += step) {
            SKIFF_UNROLL for (int v = 0; v < vectors; v++) {
                vector x = load_lanes(from + v * SKIFF_LANES, lanes);
                value[v] = is_average ? value[v] + x : larger(x, value[v]);
            }
        }
    }
    SKIFF_UNROLL for (int v = 0; v < vectors; v++) {
        if (is_average) value[v] = divisor == 0 ? (vector)((element)0) : value[v] / divisor;
        store_lanes(to + channel + v * SKIFF_LANES, value[v], lanes);
    }
}

static void SKIFF_NAME(pooling)(const skiff_pooling *p, int64_t first, int64_t pixels) {
    const skiff_windows *w = &p->windows;
    for (int64_t x = first; x < first + pixels; x++) {
        int64_t start = w->first + x * w->stride;
        taps_inside inside = clipped_taps(w, start);
        int64_t taps = inside.end > inside.first ? inside.end - inside.first : 0;
        int64_t column = start + inside.first * w->dilation;
        element *to = (element *)p->output + x * p->output_stride;
        int64_t counted = p->counts_padding
            ? p->rows_counted * taps_below(start, w->columns + p->padding_after, w->dilation, w->taps)
            : p->row_count * taps;
        element divisor = (element)counted;
#define POOL_AVERAGE(channel, vectors, lanes) pool_channels(p, column, taps, divisor, to, channel, vectors, lanes, 1)
#define POOL_MAXIMUM(channel, vectors, lanes) pool_channels(p, column, taps, divisor, to, channel, vectors, lanes, 0)
        if (p->is_average) SKIFF_EACH_CHANNEL(0, p->channels, POOL_AVERAGE);
        else SKIFF_EACH_CHANNEL(0, p->channels, POOL_MAXIMUM);
#undef POOL_AVERAGE
#undef POOL_MAXIMUM
    }
}

/* Pixels that are added to one partial sum. */
enum { pooled_block = 64 };

static inline __attribute__((always_inline)) void pool_globally(
    const skiff_global_pooling *p, int64_t channel, int vectors, int64_t lanes, int is_average) {
    vector value[4];
    SKIFF_UNROLL for (int v = 0; v < vectors; v++) value[v] = (vector)(is_average ? (element)0 : (element)-INFINITY);
    const element *from = (const element *)p->input + channel;
    for (int64_t done = 0; done < p->pixels; done += pooled_block) {
        int64_t count = p->pixels - done < pooled_block ? p->pixels - done : pooled_block;
        vector part[4];
        SKIFF_UNROLL for (int v = 0; v < vectors; v++) part[v] = is_average ? (vector)((element)0) : value[v];
        for (int64_t pixel = 0; pixel < count; pixel++, from += p->pixel_stride) {
            SKIFF_UNROLL for (int v = 0; v < vectors; v++) {
                vector x = load_lanes(from + v * SKIFF_LANES, lanes);
                part[v] = is_average ? part[v] + x : larger(x, part[v]);
            }
        }
        SKIFF_UNROLL for (int v = 0; v < vectors; v++) value[v] = is_average ? value[v] + part[v] : part[v];
    }
    SKIFF_UNROLL for (int v = 0; v < vectors; v++) {
        if (is_average) value[v] /= (element)p->pixels;
        store_lanes((element *)p->output + channel + v * SKIFF_LANES, value[v], lanes);
    }
}

static void SKIFF_NAME(global_pooling)(const skiff_global_pooling *p, int64_t first, int64_t channels) {
#define POOL_AVERAGE(channel, vectors, lanes) pool_globally(p, channel, vectors, lanes, 1)
#define POOL_MAXIMUM(channel, vectors, lanes) pool_globally(p, channel, vectors, lanes, 0)
    if (p->is_average) SKIFF_EACH_CHANNEL(first, first + channels, POOL_AVERAGE);
    else SKIFF_EACH_CHANNEL(first, first + channels, POOL_MAXIMUM);
#undef POOL_AVERAGE
#undef POOL_MAXIMUM
}
