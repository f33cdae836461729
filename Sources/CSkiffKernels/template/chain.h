/* skiff_chain: blocks of elements that stay in the nearest cache go through one operation after the other. */

/* Elements of a block, and of an operand that is spread out for one. */
enum { chain_block = 512 };

/* An operand for a run of elements: as many of them, or one for all. */
typedef struct chain_operand {
    const element *elements;
    int is_scalar;
} chain_operand;

/* The operations without operand: EACH(EXPRESSION) for elements, WIDE(EXPRESSION) for those that go through `wide`. */
#define SKIFF_FUNCTIONS(EACH, WIDE)                                                                                    \
    case SKIFF_CLAMP: EACH(clamp(x, a, b));                                                                            \
    case SKIFF_GENERAL_RELU: EACH(x < b ? a * (x - b) : x > c ? c : x);                                                \
    case SKIFF_LEAKY_RELU: EACH(x < (element)0 ? a * x : x);                                                           \
    case SKIFF_THRESHOLDED_RELU: EACH(x <= a ? (vector)((element)0) : x);                                              \
    case SKIFF_ELU: WIDE(x > 0.0 ? x : a * wide_expm1(x));                                                             \
    case SKIFF_SELU: WIDE(b * (x > 0.0 ? x : a * wide_expm1(x)));                                                      \
    case SKIFF_CELU:                                                                                                   \
        WIDE(wide_larger(number(0.0), x) + wide_smaller(number(0.0), a * wide_expm1(x / a)));                          \
    case SKIFF_SIGMOID: WIDE(wide_sigmoid(x));                                                                         \
    case SKIFF_TANH: WIDE(wide_tanh(x));                                                                               \
    case SKIFF_SOFTPLUS: WIDE(wide_softplus(x));                                                                       \
    case SKIFF_SOFTSIGN: EACH(x / ((element)1 + __builtin_elementwise_abs(x)));                                        \
    case SKIFF_HARD_SIGMOID: EACH(unit_clamped(a * x + b));                                                            \
    case SKIFF_HARD_SWISH: EACH(x * unit_clamped(x / (element)6 + (element)0.5));                                      \
    case SKIFF_SWISH: WIDE(x * wide_sigmoid(a * x));                                                                   \
    case SKIFF_MISH: WIDE(x * wide_tanh(wide_softplus(x)));                                                            \
    case SKIFF_GELU: WIDE(0.5 * x * wide_erfc(x * -0x1.6a09e667f3bcdp-1));                                             \
    case SKIFF_GELU_TANH:                                                                                              \
        WIDE(x * wide_sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x)));                                     \
    case SKIFF_SHRINK: EACH(x < -b ? x + a : x > b ? x - a : (vector)((element)0));                                    \
    case SKIFF_ABSOLUTE: EACH(__builtin_elementwise_abs(x));                                                           \
    case SKIFF_NEGATE: EACH(-x);                                                                                       \
    case SKIFF_RECIPROCAL: EACH((element)1 / x);                                                                       \
    case SKIFF_SQUARE_ROOT: EACH(__builtin_elementwise_sqrt(x));                                                       \
    case SKIFF_EXPONENTIAL: WIDE(wide_exp(x));                                                                         \
    case SKIFF_LOGARITHM: WIDE(wide_log(x));                                                                           \
    case SKIFF_ERROR: WIDE(wide_erf(x));                                                                               \
    case SKIFF_SIGN:                                                                                                   \
        EACH(x > (element)0 ? (vector)((element)1)                                                                     \
             : x < (element)0 ? (vector)((element)-1) : x != x ? x : (vector)((element)0));                            \
    case SKIFF_FLOOR: EACH(__builtin_elementwise_floor(x));                                                            \
    case SKIFF_CEILING: EACH(__builtin_elementwise_ceil(x));                                                           \
    case SKIFF_ROUND: EACH(__builtin_elementwise_rint(x));

/* The operations with operand y. */
#define SKIFF_COMBINATIONS(EACH)                                                                                       \
    case SKIFF_ADD: EACH(x + y);                                                                                       \
    case SKIFF_SUBTRACT: EACH(x - y);                                                                                  \
    case SKIFF_SUBTRACT_FROM: EACH(y - x);                                                                             \
    case SKIFF_MULTIPLY: EACH(x * y);                                                                                  \
    case SKIFF_DIVIDE: EACH(x / y);                                                                                    \
    case SKIFF_DIVIDE_INTO: EACH(y / x);                                                                               \
    case SKIFF_MAXIMUM: EACH(larger(x, y));                                                                            \
    case SKIFF_MINIMUM: EACH(smaller(x, y));                                                                           \
    case SKIFF_POWER: EACH(power(x, y));                                                                               \
    case SKIFF_POWER_OF: EACH(power(y, x));                                                                            \
    case SKIFF_PRELU: EACH(x < (element)0 ? x * y : x);

SKIFF_INLINE vector unit_clamped(vector x) { return clamp(x, (vector)((element)0), (vector)((element)1)); }

/* libm's, but for squares, which are exact to the rounding. */
static vector power(vector x, vector y) {
    vector result;
    for (int lane = 0; lane < SKIFF_LANES; lane++)
        result[lane] = y[lane] == 2 ? x[lane] * x[lane] : (element)pow((double)x[lane], (double)y[lane]);
    return result;
}

/* One operation on `count` elements; `from` may be `to`. */
static void apply_function(const skiff_operation *op, const element *from, element *to, int64_t count) {
    int64_t i = 0, whole = count - count % SKIFF_LANES;
#define FUNCTION(EXPRESSION)                                                                                           \
    do {                                                                                                               \
        vector a = (vector)((element)op->a), b = (vector)((element)op->b), c = (vector)((element)op->c);               \
        (void)a, (void)b, (void)c;                                                                                     \
        for (; i < whole; i += SKIFF_LANES) {                                                                          \
            vector x = load(from + i);                                                                                 \
            store(to + i, EXPRESSION);                                                                                 \
        }                                                                                                              \
        if (i < count) {                                                                                               \
            vector x = load_part(from + i, count - i);                                                                 \
            store_part(to + i, EXPRESSION, count - i);                                                                 \
        }                                                                                                              \
        return;                                                                                                        \
    } while (0)
#define WIDE_FUNCTION(EXPRESSION)                                                                                      \
    do {                                                                                                               \
        wide a = number((element)op->a), b = number((element)op->b);                                                   \
        (void)a, (void)b;                                                                                              \
        for (; i < count; i += SKIFF_LANES) {                                                                          \
            int64_t lanes = i < whole ? SKIFF_LANES : count - i;                                                       \
            wide x = widened(load_lanes(from + i, lanes));                                                             \
            store_lanes(to + i, rounded(EXPRESSION), lanes);                                                           \
        }                                                                                                              \
        return;                                                                                                        \
    } while (0)
    switch (op->opcode) {
        SKIFF_FUNCTIONS(FUNCTION, WIDE_FUNCTION)
    default: return;
    }
#undef FUNCTION
#undef WIDE_FUNCTION
}

static void apply_combination(
    const skiff_operation *op, chain_operand operand, const element *from, element *to, int64_t count) {
    int64_t i = 0, whole = count - count % SKIFF_LANES;
    int64_t step = operand.is_scalar ? 0 : 1;
    vector scalar = (vector)(operand.elements[0]);
#define COMBINATION(EXPRESSION)                                                                                        \
    do {                                                                                                               \
        for (; i < whole; i += SKIFF_LANES) {                                                                          \
            vector x = load(from + i), y = step ? load(operand.elements + i) : scalar;                                 \
            store(to + i, EXPRESSION);                                                                                 \
        }                                                                                                              \
        if (i < count) {                                                                                               \
            vector x = load_part(from + i, count - i);                                                                 \
            vector y = step ? load_part(operand.elements + i, count - i) : scalar;                                     \
            store_part(to + i, EXPRESSION, count - i);                                                                 \
        }                                                                                                              \
        return;                                                                                                        \
    } while (0)
    switch (op->opcode) {
        SKIFF_COMBINATIONS(COMBINATION)
    default: return;
    }
#undef COMBINATION
}

/* Whether the operand's elements stand as the map's do, counted from its first. */
static inline int is_dense(const skiff_chain *p, const skiff_operation *op) {
    return op->channel_stride == 1 && op->pixel_stride == p->channels
        && op->image_stride == p->channels * p->image_pixels;
}

/* The operand of `count` elements from `channel` of `pixel` on; spread out in `scratch` where they do not stand side by
   side. */
static chain_operand operand_of(const skiff_chain *p, const skiff_operation *op, int64_t pixel, int64_t channel,
                                int64_t count, element *scratch) {
    const element *base = (const element *)op->operand;
    if (is_dense(p, op)) return (chain_operand){base + pixel * p->channels + channel, 0};
    if (op->channel_stride == 0 && op->pixel_stride == 0 && op->image_stride == 0) return (chain_operand){base, 1};
    int64_t image = pixel / p->image_pixels, within = pixel % p->image_pixels;
    const element *from = base + image * op->image_stride + within * op->pixel_stride;
    if (count <= p->channels - channel)
        return (chain_operand){from + channel * op->channel_stride, op->channel_stride == 0};
    for (int64_t done = 0; done < count;) {
        int64_t run = p->channels - channel < count - done ? p->channels - channel : count - done;
        if (op->channel_stride == 0)
            for (int64_t i = 0; i < run; i++) scratch[done + i] = from[0];
        else
            for (int64_t i = 0; i < run; i++) scratch[done + i] = from[channel + i];
        done += run;
        channel = 0;
        from += op->pixel_stride;
        if (++within == p->image_pixels) {
            within = 0;
            from = base + ++image * op->image_stride;
        }
    }
    return (chain_operand){scratch, 0};
}

static void chain_run(const skiff_chain *p, int64_t pixel, int64_t channel, int64_t count, const element *from,
                      element *to) {
    element scratch[chain_block];
    for (int64_t i = 0; i < p->operation_count; i++) {
        const skiff_operation *op = p->operations + i;
        if (op->opcode < SKIFF_ADD) apply_function(op, from, to, count);
        else apply_combination(op, operand_of(p, op, pixel, channel, count, scratch), from, to, count);
        from = to;
    }
}

static void SKIFF_NAME(chain)(const skiff_chain *p, int64_t first, int64_t pixels) {
    const element *from = (const element *)p->input + first * p->input_stride;
    element *to = (element *)p->output + first * p->output_stride;
    int64_t channels = p->channels;
    if (channels < 1) return;
    int crosses = p->input_stride == channels && p->output_stride == channels;
    /* Long rows of operands that are not dense are read in place, pixel by pixel. */
    for (int64_t i = 0; i < p->operation_count && channels >= 128; i++)
        if (p->operations[i].opcode >= SKIFF_ADD && !is_dense(p, p->operations + i)) crosses = 0;
    int64_t count = crosses ? pixels * channels : channels;
    for (int64_t row = 0; row < (crosses ? 1 : pixels); row++) {
        for (int64_t done = 0; done < count; done += chain_block) {
            int64_t block = count - done < chain_block ? count - done : chain_block;
            chain_run(p, first + row + done / channels, done % channels, block, from + done, to + done);
        }
        from += p->input_stride;
        to += p->output_stride;
    }
}
