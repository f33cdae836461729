/* Encoding: every choice is made in integers, so that a block's bytes are the same on every machine. */
#include "plan.h"
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    uint8_t *next, *end;
    int failed;
} writer;

static void put(writer *out, uint8_t byte) {
    if (out->next < out->end) *out->next++ = byte;
    else out->failed = 1;
}

static void put_all(writer *out, const void *bytes, int64_t count) {
    if (out->end - out->next < count) {
        out->failed = 1;
        return;
    }
    memcpy(out->next, bytes, (size_t)count);
    out->next += count;
}

static void put_number(writer *out, int64_t value) {
    for (; value >= 0x80; value >>= 7) put(out, (uint8_t)(value | 0x80));
    put(out, (uint8_t)value);
}

static void put_table(writer *out, const skiff_plan *plan) {
    put(out, (uint8_t)plan->first);
    put(out, (uint8_t)plan->last);
    uint64_t bits = 0;
    int held = 0;
    for (int symbol = plan->first; symbol <= plan->last; symbol++) {
        const uint32_t frequency = plan->frequencies[symbol];
        const int width = skiff_bit_width(frequency);
        bits |= (uint64_t)width << held;
        if (width > 1) bits |= (uint64_t)(frequency - (1u << (width - 1))) << (held + 4);
        held += width > 1 ? width + 3 : 4;
        for (; held >= 8; held -= 8, bits >>= 8) put(out, (uint8_t)bits);
    }
    if (held > 0) put(out, (uint8_t)bits);
}

/* What coding one symbol takes: x becomes x + bias + (x / frequency) * rest, the division by multiplying. */
typedef struct coder {
    uint64_t reciprocal;
    uint32_t limit, bias, rest;
} coder;

static void make_coders(const skiff_plan *plan, coder *coders) {
    uint32_t start = 0;
    for (int symbol = plan->first; symbol <= plan->last; symbol++) {
        const uint32_t f = plan->frequencies[symbol];
        if (f == 0) continue;
        /* For f = 1 the quotient comes out as x - 1, and the bias makes up for it. */
        coders[symbol] = (coder){
            f == 1 ? UINT64_MAX : UINT64_MAX / f + 1, f << (32 - plan->log),
            f == 1 ? start + (1u << plan->log) - 1 : start, (1u << plan->log) - f};
        start += f;
    }
}

/* `words` has room for a word per symbol and one below; gives the first one written. */
static inline __attribute__((always_inline)) uint16_t *code_lanes(
    const coder *coders, const uint8_t *symbols, int64_t count, int lanes, uint32_t *states, uint16_t *words) {
    for (int i = 0; i < lanes; i++) states[i] = SKIFF_STATE;
    uint16_t *w = words + count + 1;
    for (int64_t i = count - 1; i >= 0; i--) {
        const coder c = coders[symbols[i]];
        uint32_t x = states[i & (lanes - 1)];
        w[-1] = (uint16_t)x;
        const int is_full = x >= c.limit;
        w -= is_full;
        x = is_full ? x >> 16 : x;
        const uint32_t quotient = (uint32_t)((unsigned __int128)c.reciprocal * x >> 64);
        states[i & (lanes - 1)] = x + c.bias + quotient * c.rest;
    }
    return w;
}

static void put_coded(writer *out, const skiff_plan *plan, const uint8_t *symbols, int64_t count, uint16_t *words) {
    put(out, (uint8_t)(plan->log | plan->lanes_log << 4));
    put_table(out, plan);
    coder coders[256];
    uint32_t states[SKIFF_CODEC_LANES];
    make_coders(plan, coders);
    const uint16_t *first = plan->lanes_log == SKIFF_HIGHEST_LANES_LOG
        ? code_lanes(coders, symbols, count, SKIFF_CODEC_LANES, states, words)
        : code_lanes(coders, symbols, count, 1 << plan->lanes_log, states, words);
    put_all(out, states, (int64_t)sizeof(uint32_t) << plan->lanes_log);
    put_all(out, first, (words + count + 1 - first) * 2);
}

static void put_plane(writer *out, const skiff_plan *plan, const uint8_t *bytes, int64_t count, uint16_t *words) {
    switch (plan->mode) {
    case SKIFF_PLANE_CONSTANT: put(out, bytes[0]); break;
    case SKIFF_PLANE_RAW: put_all(out, bytes, count); break;
    default: put_coded(out, plan, bytes, count, words); break;
    }
}

/* Everything that a block takes to encode, in one piece of memory. */
typedef struct work {
    skiff_block_plan whole, shortened;
    skiff_repeats repeats;
    uint8_t *planes[SKIFF_CODEC_MAXIMUM_WIDTH], *spare, *literals;
    uint16_t *words;
} work;

static void put_block(writer *out, work *w, skiff_element element, const skiff_block_plan *plan, int64_t count) {
    uint8_t header[SKIFF_CODEC_MAXIMUM_WIDTH / 2 + 1] = {0};
    header[0] = plan->repeats ? SKIFF_FLAG_REPEATS : 0;
    for (int i = 0; i < element.width; i++)
        header[(i + 1) / 2] |= (uint8_t)((plan->is_split[i] ? SKIFF_PLANE_SPLIT : plan->planes[i][0].mode) << (i % 2 ? 0 : 4));
    put_all(out, header, element.width / 2 + 1);
    if (plan->repeats) {
        put_number(out, plan->repeats->count);
        for (int64_t i = 0; i < plan->repeats->count; i++) {
            const skiff_repeat r = plan->repeats->list[i];
            put_number(out, r.run);
            put_number(out, r.length - 1);
            put_number(out, r.distance - 1);
        }
    }
    for (int i = 0; i < element.width; i++) {
        const skiff_plan *parts = plan->planes[i];
        if (!plan->is_split[i]) {
            put_plane(out, &parts[0], w->planes[i], count, w->words);
            continue;
        }
        const int64_t filled = skiff_split(w->planes[0], w->planes[i], count, w->spare);
        put(out, (uint8_t)(parts[0].mode | parts[1].mode << 4));
        put_plane(out, &parts[0], w->spare, filled, w->words);
        put_plane(out, &parts[1], w->spare + filled, count - filled, w->words);
    }
}

static work *make_work(skiff_element element, int64_t count) {
    const size_t plane = (size_t)count + 64;
    work *w = malloc(sizeof(work) + 2 * (size_t)count + 64 + plane * (size_t)(2 * element.width + 1));
    if (!w) return NULL;
    w->words = (uint16_t *)(w + 1);
    uint8_t *bytes = (uint8_t *)(w->words + count + 32);
    for (int i = 0; i < element.width; i++, bytes += plane) w->planes[i] = bytes;
    w->spare = bytes;
    w->literals = bytes + plane;
    return w;
}

int64_t skiff_codec_encode(
    const skiff_codec_kernels *kernels, skiff_element element, const uint8_t *elements, int64_t bytes, uint8_t *output) {
    const int64_t count = bytes / element.width;
    if (bytes <= 0) return 0;
    work *w = count * element.width == bytes && count <= SKIFF_CODEC_MAXIMUM_ELEMENTS ? make_work(element, count) : NULL;
    if (!w) {
        memcpy(output, elements, (size_t)bytes);
        return count * element.width == bytes && count <= SKIFF_CODEC_MAXIMUM_ELEMENTS ? -1 : bytes;
    }
    skiff_find_repeats(elements, element.width, count, &w->repeats);
    kernels->cut(elements, element, count, w->planes);
    skiff_plan_block(w->planes, element.width, count, NULL, w->spare, &w->whole);
    const skiff_block_plan *plan = &w->whole;
    int64_t left = count;
    if (w->repeats.count > 0) {
        left = skiff_remove_repeats(elements, element.width, count, &w->repeats, w->literals);
        kernels->cut(w->literals, element, left, w->planes);
        skiff_plan_block(w->planes, element.width, left, &w->repeats, w->spare, &w->shortened);
        plan = &w->shortened;
        if (w->whole.size <= w->shortened.size) {
            kernels->cut(elements, element, count, w->planes);
            plan = &w->whole, left = count;
        }
    }
    /* As many bytes as the elements have mean that they stand there as they are. */
    writer out = {output, output + bytes - 1, 0};
    if (plan->size < bytes) put_block(&out, w, element, plan, left);
    if (plan->size >= bytes || out.failed) {
        memcpy(output, elements, (size_t)bytes);
        out.next = output + bytes;
    }
    free(w);
    return out.next - output;
}
