/* skiff_packing: weights from where a file has them to the order in which skiff_product reads them. */

/* A file may hold its elements at any address. */
typedef element loose __attribute__((aligned(1)));
typedef element loose_four __attribute__((ext_vector_type(4), aligned(1)));
typedef double four_factors __attribute__((ext_vector_type(4), aligned(8)));

SKIFF_INLINE element times_factor(element x, const double *factor) { return factor ? (element)((double)x * *factor) : x; }

SKIFF_INLINE four times_factors(four x, const double *factors) {
    if (!factors) return x;
    return __builtin_convertvector(__builtin_convertvector(x, four_factors) * *(const four_factors *)factors, four);
}

/* Outputs that stand side by side. */
static void pack_rows(const skiff_packing *p, element *to) {
    for (int64_t tap = 0; tap < p->taps; tap++)
        for (int64_t channel = 0; channel < p->channels; channel++, to += p->width) {
            const loose *from = (const loose *)p->input + tap * p->tap_step + channel * p->channel_step;
            int64_t o = 0;
            for (; o + 4 <= p->outputs; o += 4)
                *(four *)(to + o) = times_factors(*(const loose_four *)(from + o), p->scale ? p->scale + o : 0);
            for (; o < p->outputs; o++) to[o] = times_factor(from[o], p->scale ? p->scale + o : 0);
        }
}

/* Four outputs by four elements of each, turned into four rows. */
SKIFF_INLINE void pack_four(const loose *from, int64_t step, element *const *rows, int64_t output, const double *scale) {
    element gathered[16], turned[16];
    for (int64_t i = 0; i < 4; i++) *(four *)(gathered + 4 * i) = *(const loose_four *)(from + i * step);
    transpose_four(gathered, 4, turned, 4);
    for (int64_t i = 0; i < 4; i++) *(four *)(rows[i] + output) = times_factors(*(const four *)(turned + 4 * i), scale);
}

/* Outputs whose taps and channels stand side by side: `inner` of the one, `outer` of the other, in rows `inner_rows`
   and `outer_rows` apart. */
static void pack_columns(const skiff_packing *p, element *to, int64_t inner, int64_t inner_rows, int64_t outer,
                         int64_t outer_rows) {
    enum { line = 16 };
    int64_t all = inner * outer, i = 0, o = 0;
    for (int64_t done = 0; done < all; done += line) {
        int64_t count = all - done < line ? all - done : line;
        element *rows[line];
        for (int64_t k = 0; k < count; k++) {
            rows[k] = to + (i * inner_rows + o * outer_rows) * p->width;
            if (++i == inner) i = 0, o++;
        }
        int64_t output = 0;
        for (; output + 4 <= p->outputs; output += 4) {
            const loose *from = (const loose *)p->input + output * p->output_step + done;
            const double *scale = p->scale ? p->scale + output : 0;
            int64_t k = 0;
            for (; k + 4 <= count; k += 4) pack_four(from + k, p->output_step, rows + k, output, scale);
            for (; k < count; k++)
                for (int64_t j = 0; j < 4; j++)
                    rows[k][output + j] = times_factor(from[j * p->output_step + k], scale ? scale + j : 0);
        }
        for (; output < p->outputs; output++) {
            const loose *from = (const loose *)p->input + output * p->output_step + done;
            for (int64_t k = 0; k < count; k++) rows[k][output] = times_factor(from[k], p->scale ? p->scale + output : 0);
        }
    }
}

static void SKIFF_NAME(pack)(const skiff_packing *p) {
    element *to = p->output;
    int64_t rows = p->taps * p->channels;
    if (p->outputs < p->width) memset(to, 0, (size_t)(rows * p->width) * sizeof(element));
    if (p->output_step == 1) return pack_rows(p, to);
    if (p->tap_step == 1 && p->channel_step == p->taps) return pack_columns(p, to, p->taps, p->channels, p->channels, 1);
    if (p->channel_step == 1 && (p->tap_step == p->channels || p->taps == 1))
        return pack_columns(p, to, p->channels, 1, p->taps, p->channels);
    for (int64_t tap = 0; tap < p->taps; tap++)
        for (int64_t channel = 0; channel < p->channels; channel++, to += p->width) {
            const loose *from = (const loose *)p->input + tap * p->tap_step + channel * p->channel_step;
            for (int64_t o = 0; o < p->outputs; o++) to[o] = times_factor(from[o * p->output_step], p->scale ? p->scale + o : 0);
        }
}
