/* Loops over floats or doubles; SKIFF_NUMBER and its kin say which. */

static inline __attribute__((always_inline)) SKIFF_BITS SKIFF_NAMED(bits)(SKIFF_NUMBER x) {
    SKIFF_BITS bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static inline __attribute__((always_inline)) int SKIFF_NAMED(finite)(SKIFF_NUMBER x) {
    return (SKIFF_NAMED(bits)(x) >> SKIFF_FRACTION & (SKIFF_EXPONENTS - 1)) != SKIFF_EXPONENTS - 1;
}

/* Magnitudes from which every number is whole. */
#define SKIFF_WHOLE ((SKIFF_NUMBER)((uint64_t)1 << SKIFF_FRACTION))

static void SKIFF_NAMED(survey)(const void *numbers, int64_t count, skiff_survey *survey) {
    const SKIFF_NUMBER *x = numbers;
    uint32_t tables[SKIFF_STATISTICS_TABLES][SKIFF_EXPONENTS];
    const SKIFF_BITS fraction_mask = ((SKIFF_BITS)1 << SKIFF_FRACTION) - 1;
    const SKIFF_BITS exponent_mask = (SKIFF_BITS)(SKIFF_EXPONENTS - 1) << SKIFF_FRACTION;
    const SKIFF_BITS sign_mask = (SKIFF_BITS)1 << (SKIFF_FRACTION + (SKIFF_EXPONENTS == 256 ? 8 : 11));
    memset(tables, 0, sizeof(tables));
    SKIFF_BITS fraction = 0;
    int64_t i = 0;
    for (; i + 4 <= count; i += 4)
        for (int k = 0; k < 4; k++)
            tables[k][SKIFF_NAMED(bits)(x[i + k]) >> SKIFF_FRACTION & (SKIFF_EXPONENTS - 1)]++;
    for (; i < count; i++) tables[0][SKIFF_NAMED(bits)(x[i]) >> SKIFF_FRACTION & (SKIFF_EXPONENTS - 1)]++;
    for (int e = 0; e < SKIFF_EXPONENTS; e++)
        survey->exponents[e] += (int64_t)tables[0][e] + tables[1][e] + tables[2][e] + tables[3][e];

    /* Plain loops, which the compiler makes vectors of: adding and taking away 2^fraction rounds to a whole number. */
    SKIFF_BITS half = 0, whole = 0;
    for (i = 0; i < count; i++) {
        SKIFF_BITS bits = SKIFF_NAMED(bits)(x[i]), magnitude_bits = bits & ~sign_mask;
        SKIFF_BITS kept = (bits & exponent_mask) == exponent_mask ? 0 : magnitude_bits;
        SKIFF_NUMBER magnitude;
        memcpy(&magnitude, &kept, sizeof(magnitude));
        fraction |= kept & fraction_mask;
        SKIFF_NUMBER scaled = magnitude * (SKIFF_NUMBER)0x1p24;
        SKIFF_NUMBER rounded = (scaled + SKIFF_WHOLE) - SKIFF_WHOLE;
        half |= (SKIFF_BITS)((scaled < SKIFF_WHOLE) & (rounded != scaled));
        rounded = (magnitude + SKIFF_WHOLE) - SKIFF_WHOLE;
        whole |= (SKIFF_BITS)((magnitude < SKIFF_WHOLE) & (rounded != magnitude));
    }
    survey->fraction |= fraction;
    survey->leaves_half_grid |= (uint32_t)half;
    survey->is_fractional |= (uint32_t)whole;
    if (tables[0][SKIFF_EXPONENTS - 1] + tables[1][SKIFF_EXPONENTS - 1] + tables[2][SKIFF_EXPONENTS - 1]
            + tables[3][SKIFF_EXPONENTS - 1] == 0)
        return;
    for (i = 0; i < count; i++) {
        SKIFF_BITS bits = SKIFF_NAMED(bits)(x[i]);
        if ((bits & exponent_mask) != exponent_mask) continue;
        if (bits & fraction_mask) survey->nans++;
        else if (bits & sign_mask) survey->negative_infinities++;
        else survey->positive_infinities++;
    }
}

/* Finite numbers of one channel that lie side by side. */
static inline __attribute__((always_inline)) void SKIFF_NAMED(run)(
    const SKIFF_NUMBER *x, int64_t count, double *sum, double *minimum, double *maximum, int64_t *zeros) {
    double total = 0, lowest = *minimum, highest = *maximum;
    int64_t none = 0, i = 0;
    if (count >= 16) {
        doubles s[2] = {{0}, {0}}, low[2], high[2];
        longs z[2] = {{0}, {0}};
        for (int k = 0; k < 2; k++) low[k] = high[k] = SKIFF_LOAD(x + 8 * k);
        for (; i + 16 <= count; i += 16)
            for (int k = 0; k < 2; k++) {
                doubles v = SKIFF_LOAD(x + i + 8 * k);
                s[k] += v;
                low[k] = smaller(v, low[k]);
                high[k] = larger(v, high[k]);
                z[k] -= (longs)(v == (doubles){0});
            }
        s[0] += s[1];
        low[0] = smaller(low[1], low[0]);
        high[0] = larger(high[1], high[0]);
        z[0] += z[1];
        for (int k = 0; k < 8; k++) {
            total += s[0][k];
            none += z[0][k];
            if (low[0][k] < lowest) lowest = low[0][k];
            if (high[0][k] > highest) highest = high[0][k];
        }
    }
    for (; i < count; i++) {
        double v = x[i];
        total += v;
        none += v == 0;
        if (v < lowest) lowest = v;
        if (v > highest) highest = v;
    }
    *sum += total;
    *zeros += none;
    *minimum = lowest;
    *maximum = highest;
}

/* A row of single numbers of neighbouring channels. */
static inline void SKIFF_NAMED(row)(
    const SKIFF_NUMBER *restrict x, int64_t count, double *restrict sum, double *restrict minimum,
    double *restrict maximum, int64_t *restrict zeros) {
    for (int64_t i = 0; i < count; i++) {
        double v = x[i], low = minimum[i], high = maximum[i];
        sum[i] += v;
        minimum[i] = v < low ? v : low;
        maximum[i] = v > high ? v : high;
        zeros[i] += v == 0;
    }
}

static void SKIFF_NAMED(channels)(
    const void *numbers, int64_t first, int64_t count, int32_t is_finite, skiff_channels *c) {
    const SKIFF_NUMBER *x = numbers;
    int64_t channel = first / c->inner % c->channels, offset = first % c->inner;
    while (count > 0) {
        int64_t taken = c->inner - offset, at = channel - c->lowest;
        if (!is_finite) {
            if (taken > count) taken = count;
            for (int64_t i = 0; i < taken; i++) {
                if (!SKIFF_NAMED(finite)(x[i])) c->left_out[at]++;
                else SKIFF_NAMED(run)(x + i, 1, c->sum + at, c->minimum + at, c->maximum + at, c->zeros + at);
            }
        } else if (c->inner == 1) {
            taken = c->channels - channel;
            if (taken > count) taken = count;
            SKIFF_NAMED(row)(x, taken, c->sum + at, c->minimum + at, c->maximum + at, c->zeros + at);
        } else {
            if (taken > count) taken = count;
            SKIFF_NAMED(run)(x, taken, c->sum + at, c->minimum + at, c->maximum + at, c->zeros + at);
        }
        x += taken;
        count -= taken;
        offset = 0;
        channel += c->inner == 1 && is_finite ? taken : 1;
        if (channel >= c->channels) channel = 0;
        /* A run that ends inside its channel is the last one. */
    }
}

static inline __attribute__((always_inline)) double SKIFF_NAMED(squares)(
    const SKIFF_NUMBER *x, int64_t count, double mean) {
    double total = 0;
    int64_t i = 0;
    if (count >= 16) {
        doubles s[2] = {{0}, {0}};
        const doubles m = {mean, mean, mean, mean, mean, mean, mean, mean};
        for (; i + 16 <= count; i += 16)
            for (int k = 0; k < 2; k++) {
                doubles d = SKIFF_LOAD(x + i + 8 * k) - m;
                s[k] += d * d;
            }
        s[0] += s[1];
        for (int k = 0; k < 8; k++) total += s[0][k];
    }
    for (; i < count; i++) {
        double d = x[i] - mean;
        total += d * d;
    }
    return total;
}

static inline void SKIFF_NAMED(row_squares)(
    const SKIFF_NUMBER *restrict x, int64_t count, const double *restrict mean, double *restrict squares) {
    for (int64_t i = 0; i < count; i++) {
        double d = x[i] - mean[i];
        squares[i] += d * d;
    }
}

static void SKIFF_NAMED(deviations)(
    const void *numbers, int64_t first, int64_t count, int32_t is_finite, const skiff_channels *c, const double *mean,
    double *squares) {
    const SKIFF_NUMBER *x = numbers;
    int64_t channel = first / c->inner % c->channels, offset = first % c->inner;
    while (count > 0) {
        int64_t taken = c->inner - offset, at = channel - c->lowest;
        if (!is_finite) {
            if (taken > count) taken = count;
            for (int64_t i = 0; i < taken; i++)
                if (SKIFF_NAMED(finite)(x[i])) squares[at] += SKIFF_NAMED(squares)(x + i, 1, mean[at]);
        } else if (c->inner == 1) {
            taken = c->channels - channel;
            if (taken > count) taken = count;
            SKIFF_NAMED(row_squares)(x, taken, mean + at, squares + at);
        } else {
            if (taken > count) taken = count;
            squares[at] += SKIFF_NAMED(squares)(x, taken, mean[at]);
        }
        x += taken;
        count -= taken;
        offset = 0;
        channel += c->inner == 1 && is_finite ? taken : 1;
        if (channel >= c->channels) channel = 0;
    }
}

static void SKIFF_NAMED(histogram)(
    const void *numbers, int64_t count, int32_t is_finite, double lower, double scale,
    int64_t *counts) {
    const SKIFF_NUMBER *x = numbers;
    uint32_t tables[SKIFF_STATISTICS_TABLES][SKIFF_STATISTICS_BINS];
    memset(tables, 0, sizeof(tables));
    const double last = SKIFF_STATISTICS_BINS - 1;
    int64_t i = 0;
    if (is_finite)
        for (; i + 8 <= count; i += 8) {
            doubles v = (SKIFF_LOAD(x + i) - lower) * scale;
            v = smaller(larger(v, (doubles){0}), (doubles){0} + last);
            ints bins = __builtin_convertvector(v, ints);
            for (int k = 0; k < 8; k++) tables[k % SKIFF_STATISTICS_TABLES][bins[k]]++;
        }
    for (; i < count; i++) {
        if (!SKIFF_NAMED(finite)(x[i])) continue;
        double v = (x[i] - lower) * scale;
        v = v > 0 ? v : 0;
        tables[0][(int32_t)(v < last ? v : last)]++;
    }
    for (int b = 0; b < SKIFF_STATISTICS_BINS; b++)
        counts[b] += (int64_t)tables[0][b] + tables[1][b] + tables[2][b] + tables[3][b];
}

static void SKIFF_NAMED(distinct)(const void *numbers, int64_t count, skiff_distinct *distinct) {
    const SKIFF_NUMBER *x = numbers;
    for (int64_t i = 0; i < count && distinct->count <= SKIFF_STATISTICS_DISTINCT; i++) {
        uint64_t key = x[i] == 0 ? 0 : SKIFF_NAMED(bits)(x[i]);
        uint64_t slot = key * 0x9E3779B97F4A7C15u >> 54;
        while (distinct->taken[slot] && distinct->keys[slot] != key) slot = (slot + 1) % SKIFF_STATISTICS_SLOTS;
        if (distinct->taken[slot]) continue;
        distinct->taken[slot] = 1;
        distinct->keys[slot] = key;
        distinct->count++;
    }
}

#undef SKIFF_WHOLE
