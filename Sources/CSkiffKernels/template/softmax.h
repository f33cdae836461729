/* skiff_softmax: the largest element of a row, the sum of exponentials of the distances to it, in double, and the
   quotients. Lanes are summed each for itself, then in order. */

static double softmax_sum(const element *from, int64_t length, double shift) {
    wide sum = number(0.0);
    int64_t i = 0;
    for (; i + SKIFF_LANES <= length; i += SKIFF_LANES) sum += wide_exp(widened(load(from + i)) - shift);
    double total = 0;
    for (int lane = 0; lane < SKIFF_LANES; lane++) total += sum[lane];
    if (i < length) {
        wide rest = wide_exp(widened(load_part(from + i, length - i)) - shift);
        for (int lane = 0; lane < length - i; lane++) total += rest[lane];
    }
    return total;
}

static element softmax_largest(const element *from, int64_t length) {
    element largest = (element)-INFINITY;
    int64_t i = 0;
    if (length >= SKIFF_LANES) {
        vector most = (vector)largest;
        for (; i + SKIFF_LANES <= length; i += SKIFF_LANES) most = larger(load(from + i), most);
        for (int lane = 0; lane < SKIFF_LANES; lane++)
            if (most[lane] > largest || most[lane] != most[lane]) largest = most[lane];
    }
    for (; i < length; i++)
        if (from[i] > largest || from[i] != from[i]) largest = from[i];
    return largest;
}

static void SKIFF_NAME(softmax)(const skiff_softmax *p, int64_t first, int64_t rows) {
    for (int64_t row = first; row < first + rows; row++) {
        const element *from = (const element *)p->input + row * p->input_stride;
        element *to = (element *)p->output + row * p->output_stride;
        double shift = (double)softmax_largest(from, p->length);
        double sum = softmax_sum(from, p->length, shift);
        double logarithm = log(sum);
        for (int64_t i = 0; i < p->length; i += SKIFF_LANES) {
            int64_t lanes = p->length - i < SKIFF_LANES ? p->length - i : SKIFF_LANES;
            wide distance = widened(load_lanes(from + i, lanes)) - shift;
            wide result = p->is_logarithm ? distance - logarithm : wide_exp(distance) / sum;
            store_lanes(to + i, rounded(result), lanes);
        }
    }
}
