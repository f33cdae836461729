/* Which taps of a window lie in the map, and how the kernels that walk over channels split them. */
typedef struct taps_inside {
    int64_t first;  /* first tap inside */
    int64_t end;    /* behind the last one; not above `first` where none is inside */
} taps_inside;

/* How many taps from `start` on lie below `end`. */
static inline int64_t taps_below(int64_t start, int64_t end, int64_t dilation, int64_t taps) {
    if (start >= end) return 0;
    int64_t count = (end - start - 1) / dilation + 1;
    return count < taps ? count : taps;
}

static inline taps_inside clipped_taps(const skiff_windows *w, int64_t start) {
    taps_inside inside = {start < 0 ? taps_below(start, 0, w->dilation, w->taps) : 0,
                          taps_below(start, w->columns, w->dilation, w->taps)};
    return inside;
}

/* Runs BLOCK(channel, vectors, lanes) over `first..<end`: four vectors at a time, then one, then one that ends with the
   last channel and does some again; fewer channels than lanes come as one short vector. BLOCK is a function whose
   `vectors` is a constant at each place; it may write an output twice, with the same bits. */
#define SKIFF_EACH_CHANNEL(first, end, BLOCK)                                                                          \
    do {                                                                                                               \
        int64_t channel = (first), behind = (end);                                                                     \
        if (behind - channel < SKIFF_LANES) {                                                                          \
            if (behind > channel) { BLOCK(channel, 1, behind - channel); }                                             \
            break;                                                                                                     \
        }                                                                                                              \
        for (; channel + 4 * SKIFF_LANES <= behind; channel += 4 * SKIFF_LANES) { BLOCK(channel, 4, SKIFF_LANES); }    \
        for (; channel + SKIFF_LANES <= behind; channel += SKIFF_LANES) { BLOCK(channel, 1, SKIFF_LANES); }            \
        if (channel < behind) { BLOCK(behind - SKIFF_LANES, 1, SKIFF_LANES); }                                         \
    } while (0)

/* All lanes, or the first `lanes`. */
static inline __attribute__((always_inline)) vector load_lanes(const element *from, int64_t lanes) {
    return lanes == SKIFF_LANES ? load(from) : load_part(from, lanes);
}

static inline __attribute__((always_inline)) void store_lanes(element *to, vector value, int64_t lanes) {
    if (lanes == SKIFF_LANES) store(to, value);
    else store_part(to, value, lanes);
}

/* The larger; NaN where one is, the second of equals. */
static inline __attribute__((always_inline)) vector larger(vector x, vector y) {
    return ((x > y) | (x != x)) ? x : y;
}

static inline __attribute__((always_inline)) vector smaller(vector x, vector y) {
    return ((x < y) | (x != x)) ? x : y;
}
