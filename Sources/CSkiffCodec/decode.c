/* Decoding: everything read is checked before it is used, and memory depends on the size of the block alone. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const uint8_t *next, *end;
    const skiff_codec_kernels *kernels;
    uint32_t table[1 << SKIFF_HIGHEST_LOG];
} reader;

static int has(const reader *in, int64_t bytes) { return in->end - in->next >= bytes; }

/* LEB128 of at most 21 bits, in as few bytes as it takes; -1 where it is not. */
static int64_t number(reader *in) {
    int64_t value = 0;
    for (int shift = 0; shift < 21; shift += 7) {
        if (!has(in, 1)) return -1;
        uint8_t byte = *in->next++;
        value |= (int64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return byte == 0 && shift > 0 ? -1 : value;
    }
    return -1;
}

/* Frequencies of the symbols from `first` to `last`: each 4 bits that say how many bits it has, then those below its
   highest; low bits first, no bit but zeros behind the last. */
static int read_table(reader *in, int log) {
    if (!has(in, 2)) return SKIFF_CODEC_TRUNCATED;
    const uint32_t first = in->next[0], last = in->next[1], total = 1u << log;
    in->next += 2;
    if (first >= last) return SKIFF_CODEC_TABLE;
    uint64_t bits = 0;
    int held = 0;
    uint32_t start = 0;
    for (uint32_t symbol = first; symbol <= last; symbol++) {
        while (held < 16 && in->next < in->end) bits |= (uint64_t)*in->next++ << held, held += 8;
        const int width = (int)(bits & 15);
        const int taken = width > 1 ? width + 3 : 4;
        if (taken > held) return SKIFF_CODEC_TRUNCATED;
        if (width > log || (width == 0 && (symbol == first || symbol == last))) return SKIFF_CODEC_TABLE;
        const uint32_t frequency = width == 0 ? 0 : 1u << (width - 1) | (uint32_t)(bits >> 4 & ((1u << (width - 1)) - 1));
        bits >>= taken, held -= taken;
        if (frequency > total - start) return SKIFF_CODEC_TABLE;
        for (uint32_t i = 0; i < frequency; i++) in->table[start + i] = skiff_entry(symbol, frequency, i);
        start += frequency;
    }
    /* What was read ahead goes back. */
    in->next -= held / 8;
    if (start != total || (bits & ((1u << held % 8) - 1)) != 0) return SKIFF_CODEC_TABLE;
    return SKIFF_CODEC_OK;
}

/* What is left when whole steps are done, each word checked; then the end of all lanes. */
static int finish(reader *in, uint32_t *states, int log, int lanes, uint8_t *symbols, int64_t from, int64_t count) {
    const uint32_t mask = (1u << log) - 1;
    for (int64_t i = from; i < count; i++) {
        uint32_t *x = &states[i & (lanes - 1)];
        const uint32_t entry = in->table[*x & mask];
        symbols[i] = (uint8_t)entry;
        *x = (entry >> 20) * (*x >> log) + (entry >> 8 & 0xfff);
        if (*x >= SKIFF_STATE) continue;
        if (!has(in, 2)) return SKIFF_CODEC_TRUNCATED;
        *x = *x << 16 | skiff_load16(in->next);
        in->next += 2;
    }
    for (int i = 0; i < lanes; i++)
        if (states[i] != SKIFF_STATE) return SKIFF_CODEC_STATE;
    return SKIFF_CODEC_OK;
}

static int read_coded(reader *in, uint8_t *symbols, int64_t count) {
    if (!has(in, 1)) return SKIFF_CODEC_TRUNCATED;
    const int log = *in->next & 15, lanes_log = *in->next >> 4, lanes = 1 << lanes_log;
    in->next++;
    if (log < SKIFF_LOWEST_LOG || log > SKIFF_HIGHEST_LOG || lanes_log > SKIFF_HIGHEST_LANES_LOG)
        return SKIFF_CODEC_TABLE;
    const int failure = read_table(in, log);
    if (failure) return failure;
    if (!has(in, 4 * lanes)) return SKIFF_CODEC_TRUNCATED;
    uint32_t states[SKIFF_CODEC_LANES];
    for (int i = 0; i < lanes; i++, in->next += 4) {
        states[i] = skiff_load32(in->next);
        if (states[i] < SKIFF_STATE) return SKIFF_CODEC_STATE;
    }
    const int64_t done = in->kernels->decode_lanes(
        states, lanes_log, in->table, log, &in->next, in->end, symbols, count >> lanes_log);
    return finish(in, states, log, lanes, symbols, done << lanes_log, count);
}

/* `*plane` becomes `memory`, or a place in the block where the bytes stand as they are. */
static int read_plane(reader *in, int mode, uint8_t *memory, int64_t count, const uint8_t **plane) {
    *plane = memory;
    switch (mode) {
    case SKIFF_PLANE_CONSTANT:
        if (!has(in, 1)) return SKIFF_CODEC_TRUNCATED;
        memset(memory, *in->next++, (size_t)count);
        return SKIFF_CODEC_OK;
    case SKIFF_PLANE_RAW:
        if (!has(in, count)) return SKIFF_CODEC_TRUNCATED;
        *plane = in->next;
        in->next += count;
        return SKIFF_CODEC_OK;
    case SKIFF_PLANE_CODED: return read_coded(in, memory, count);
    default: return SKIFF_CODEC_MODE;
    }
}

/* The elements whose top byte is not zero, then the others; `spare` has room for `count` bytes and 2 more. */
static int read_split(reader *in, const uint8_t *top, uint8_t *memory, uint8_t *spare, int64_t count) {
    if (!has(in, 1)) return SKIFF_CODEC_TRUNCATED;
    const int modes = *in->next++;
    int64_t filled = 0;
    for (int64_t i = 0; i < count; i++) filled += top[i] != 0;
    if (filled == 0 || filled == count) return SKIFF_CODEC_MODE;
    /* A byte behind each part, since the one that is not taken is read, too. */
    uint8_t *parts[2] = {spare, spare + filled + 1};
    const int64_t counts[2] = {filled, count - filled};
    for (int i = 0; i < 2; i++) {
        const uint8_t *part;
        const int failure = read_plane(in, i == 0 ? modes & 15 : modes >> 4, parts[i], counts[i], &part);
        if (failure) return failure;
        if (part != parts[i]) memcpy(parts[i], part, (size_t)counts[i]);
        parts[i][counts[i]] = 0;
    }
    const uint8_t *a = parts[0], *b = parts[1];
    for (int64_t i = 0; i < count; i++) {
        const int is_filled = top[i] != 0;
        memory[i] = is_filled ? *a : *b;
        a += is_filled, b += !is_filled;
    }
    return SKIFF_CODEC_OK;
}

/* Planes of `count` elements, joined into `elements`. `memory` has room for width + 1 planes and 2 bytes each. */
static int read_planes(
    reader *in, const uint8_t *modes, skiff_element element, uint8_t *memory, int64_t count, uint8_t *elements) {
    const uint8_t *planes[SKIFF_CODEC_MAXIMUM_WIDTH];
    for (int i = 0; i < element.width; i++) {
        const int mode = i % 2 ? modes[(i + 1) / 2] & 15 : modes[i / 2] >> 4;
        uint8_t *own = element.width == 1 ? elements : memory + i * (count + 2);
        int failure;
        if (mode == SKIFF_PLANE_SPLIT && i > 0) {
            failure = read_split(in, planes[0], own, memory + element.width * (count + 2), count);
            planes[i] = own;
        } else {
            failure = read_plane(in, mode, own, count, &planes[i]);
        }
        if (failure) return failure;
    }
    if (planes[0] != elements) in->kernels->join(planes, element, count, elements);
    return SKIFF_CODEC_OK;
}

typedef struct repeats {
    const uint8_t *first;
    int64_t count, literals;
} repeats;

/* Checks all repeats of a block of `count` elements and leaves `in` behind them. */
static int read_repeats(reader *in, int64_t count, repeats *found) {
    found->count = number(in);
    if (found->count <= 0 || found->count > count) return SKIFF_CODEC_REPEAT;
    found->first = in->next;
    int64_t made = 0, repeated = 0;
    for (int64_t i = 0; i < found->count; i++) {
        const int64_t run = number(in), length = number(in) + 1, distance = number(in) + 1;
        if (run < 0 || length < 1 || distance < 1) return SKIFF_CODEC_REPEAT;
        if (run > count - made) return SKIFF_CODEC_REPEAT;
        made += run;
        if (distance > made || length > count - made) return SKIFF_CODEC_REPEAT;
        made += length, repeated += length;
    }
    found->literals = count - repeated;
    return SKIFF_CODEC_OK;
}

/* Sizes are in bytes here; `read_repeats` has checked all of them. */
static void repeat(reader *in, repeats found, int64_t width, const uint8_t *literals, uint8_t *output, int64_t bytes) {
    uint8_t *out = output;
    for (int64_t i = 0; i < found.count; i++) {
        const int64_t run = number(in) * width;
        int64_t length = (number(in) + 1) * width, distance = (number(in) + 1) * width;
        memcpy(out, literals, (size_t)run);
        out += run, literals += run;
        /* Twice as far each time: a source never overlaps what it becomes. */
        while (length > 0) {
            const int64_t piece = length < distance ? length : distance;
            memcpy(out, out - distance, (size_t)piece);
            out += piece, length -= piece, distance += piece;
        }
    }
    memcpy(out, literals, (size_t)(output + bytes - out));
}

int32_t skiff_codec_decode(
    const skiff_codec_kernels *kernels, skiff_element element, const uint8_t *coded, int64_t coded_bytes,
    uint8_t *elements, int64_t bytes) {
    const int64_t count = bytes / element.width;
    if (coded_bytes == bytes) {
        if (bytes > 0) memcpy(elements, coded, (size_t)bytes);
        return SKIFF_CODEC_OK;
    }
    if (coded_bytes > bytes || count * element.width != bytes || count > SKIFF_CODEC_MAXIMUM_ELEMENTS)
        return SKIFF_CODEC_TRAILING;
    const int64_t header = element.width / 2 + 1;
    if (coded_bytes < header) return SKIFF_CODEC_TRUNCATED;
    const int flags = coded[0] & 15;
    /* An odd number of nibbles leaves the last one free. */
    if (flags > SKIFF_FLAG_REPEATS || (element.width % 2 == 0 && coded[header - 1] >> 4 != 0))
        return SKIFF_CODEC_MODE;
    const size_t planes = (size_t)((element.width + 1) * (count + 2) + 2);
    reader *in = malloc(sizeof(reader) + planes + (flags ? (size_t)bytes : 0));
    if (!in) return SKIFF_CODEC_MEMORY;
    in->next = coded + header, in->end = coded + coded_bytes, in->kernels = kernels;
    uint8_t *const memory = (uint8_t *)(in + 1), *const literals = flags ? memory + planes : elements;
    repeats found = {NULL, 0, count};
    int failure = flags ? read_repeats(in, count, &found) : SKIFF_CODEC_OK;
    if (!failure) failure = read_planes(in, coded, element, memory, found.literals, literals);
    if (!failure && in->next != in->end) failure = SKIFF_CODEC_TRAILING;
    if (!failure && flags) {
        in->next = found.first;
        repeat(in, found, element.width, literals, elements, bytes);
    }
    free(in);
    return failure;
}
