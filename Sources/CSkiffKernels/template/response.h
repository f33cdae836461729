/* skiff_response: squares of neighbouring channels, each vector of channels reading its neighbours in place. */

static inline __attribute__((always_inline)) wide response_power(wide base, double beta) {
#if SKIFF_ELEMENT_BYTES == 8
    wide result;
    for (int lane = 0; lane < SKIFF_LANES; lane++) result[lane] = pow(base[lane], beta);
    return result;
#else
    /* Not a power of a positive number: libm knows the cases. */
    int is_plain = 1;
    for (int lane = 0; lane < SKIFF_LANES; lane++) is_plain &= base[lane] > 0 && base[lane] < INFINITY;
    if (is_plain) return wide_exp(wide_log(base) * beta);
    wide result;
    for (int lane = 0; lane < SKIFF_LANES; lane++) result[lane] = pow(base[lane], beta);
    return result;
#endif
}

static void SKIFF_NAME(response)(const skiff_response *p, int64_t first, int64_t pixels) {
    for (int64_t pixel = first; pixel < first + pixels; pixel++) {
        const element *from = (const element *)p->input + pixel * p->input_stride;
        element *to = (element *)p->output + pixel * p->output_stride;
        for (int64_t channel = 0; channel < p->channels; channel += SKIFF_LANES) {
            int64_t left = p->channels - channel, lanes = left < SKIFF_LANES ? left : SKIFF_LANES;
            wide squares = number(0.0);
            for (int64_t other = channel - p->before; other <= channel + p->after; other++) {
                element part[SKIFF_LANES];
                vector x;
                if (other >= 0 && other + SKIFF_LANES <= p->channels) {
                    x = load(from + other);
                } else {
                    for (int lane = 0; lane < SKIFF_LANES; lane++) {
                        int64_t source = other + lane;
                        part[lane] = source >= 0 && source < p->channels ? from[source] : 0;
                    }
                    x = load(part);
                }
                squares += widened(x) * widened(x);
            }
            wide result = widened(load_lanes(from + channel, lanes))
                / response_power(p->bias + p->factor * squares, p->beta);
            store_lanes(to + channel, rounded(result), lanes);
        }
    }
}
