/* skiff_resize: both axes in one pass, nothing kept between them. */

static inline __attribute__((always_inline)) void resize_channels(
    const skiff_resize *p, int64_t x, int64_t channel, int vectors, int64_t lanes) {
    vector sum[4];
    SKIFF_UNROLL for (int v = 0; v < vectors; v++) sum[v] = (vector)((element)0);
    const element *row_weights = (const element *)p->row_weights;
    for (int32_t i = p->starts[x]; i < p->starts[x + 1]; i++) {
        const element *from = (const element *)p->input + p->columns[i] + channel;
        vector part[4];
        SKIFF_UNROLL for (int v = 0; v < vectors; v++) part[v] = (vector)((element)0);
        for (int64_t row = 0; row < p->row_count; row++) {
            vector weight = (vector)(row_weights[row]);
            SKIFF_UNROLL for (int v = 0; v < vectors; v++)
                part[v] = multiply_add(load_lanes(from + p->rows[row] + v * SKIFF_LANES, lanes), weight, part[v]);
        }
        vector weight = (vector)(((const element *)p->column_weights)[i]);
        SKIFF_UNROLL for (int v = 0; v < vectors; v++) sum[v] = multiply_add(part[v], weight, sum[v]);
    }
    element *to = (element *)p->output + x * p->output_stride + channel;
    SKIFF_UNROLL for (int v = 0; v < vectors; v++) store_lanes(to + v * SKIFF_LANES, sum[v], lanes);
}

static void SKIFF_NAME(resize)(const skiff_resize *p, int64_t first, int64_t pixels) {
    for (int64_t x = first; x < first + pixels; x++) {
#define RESIZE_CHANNELS(channel, vectors, lanes) resize_channels(p, x, channel, vectors, lanes)
        SKIFF_EACH_CHANNEL(0, p->channels, RESIZE_CHANNELS);
#undef RESIZE_CHANNELS
    }
}
