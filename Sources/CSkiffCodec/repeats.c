/* Elements that stand in the block before: rows that are copies of others, pruned rows. */
#include "plan.h"
#include <string.h>

enum { TABLE_LOG = 12, SHORTEST = 32, GROUP = 64 };

static uint64_t load64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static uint32_t load32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* Which of 64 elements are anchors, about one in eight: those whose first 4 bytes say so, so that copies have them at
   the same places. Elements of the value zero are. */
static inline __attribute__((always_inline)) uint64_t anchors(const uint8_t *elements, int width) {
    uint8_t flags[GROUP];
    for (int i = 0; i < GROUP; i++) {
        const uint32_t v = load32(elements + i * width), w = v ^ v >> 16;
        flags[i] = ((w ^ w >> 8 ^ w >> 3) & 7) == 0;
    }
    uint64_t mask = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t eight;
        memcpy(&eight, flags + 8 * i, 8);
        mask |= (eight * 0x0102040810204080 >> 56) << 8 * i;
    }
    return mask;
}

static uint64_t anchors_of(const uint8_t *elements, int width) {
    switch (width) {
    case 1: return anchors(elements, 1);
    case 2: return anchors(elements, 2);
    case 4: return anchors(elements, 4);
    default: return anchors(elements, 8);
    }
}

static uint32_t hash(const uint8_t *p) {
    const uint64_t v = load64(p) * 0x9e3779b97f4a7c15 + load64(p + 8);
    return (uint32_t)(v * 0xd6e8feb86659fd93 >> (64 - TABLE_LOG));
}

/* Bytes from `b` on that equal those from `a` on, `b` being the later one. */
static int64_t common(const uint8_t *a, const uint8_t *b, const uint8_t *end) {
    const uint8_t *start = b;
    while (end - b >= 8 && load64(a) == load64(b)) a += 8, b += 8;
    while (b < end && *a == *b) a++, b++;
    return b - start;
}

static int64_t number_size(int64_t value) { return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3; }

/* Greedy: from each anchor the latest place with the same 16 bytes, where 32 bytes or more agree around it. */
void skiff_find_repeats(const uint8_t *elements, int width, int64_t count, skiff_repeats *found) {
    int32_t places[1 << TABLE_LOG];
    memset(places, 0xff, sizeof(places));
    found->count = found->size = 0;
    const uint8_t *const end = elements + count * width;
    int64_t made = 0;
    /* The last group, or the last 16 bytes of its last element, would reach beyond the block. */
    for (int64_t group = 0; group + GROUP + 16 <= count; group += GROUP) {
        if (made >= group + GROUP) continue;
        for (uint64_t mask = anchors_of(elements + group * width, width); mask != 0; mask &= mask - 1) {
            int64_t i = group + __builtin_ctzll(mask);
            if (i < made) continue;
            const uint8_t *here = elements + i * width;
            int32_t *place = &places[hash(here)];
            int64_t before = *place;
            *place = (int32_t)i;
            if (before < 0 || load64(elements + before * width) != load64(here)) continue;
            int64_t length = common(elements + before * width, here, end) / width;
            while (i > made && before > 0
                && memcmp(elements + (i - 1) * width, elements + (before - 1) * width, (size_t)width) == 0)
                i--, before--, length++;
            if (length * width < SHORTEST) continue;
            if (found->count == SKIFF_MOST_REPEATS) return;
            const skiff_repeat repeat = {(int32_t)(i - made), (int32_t)length, (int32_t)(i - before)};
            found->list[found->count++] = repeat;
            found->size += number_size(repeat.run) + number_size(length - 1) + number_size(repeat.distance - 1);
            made = i + length;
        }
    }
}

int64_t skiff_remove_repeats(
    const uint8_t *elements, int width, int64_t count, const skiff_repeats *repeats, uint8_t *literals) {
    int64_t at = 0, kept = 0;
    for (int64_t i = 0; i < repeats->count; i++) {
        const skiff_repeat r = repeats->list[i];
        memcpy(literals + kept * width, elements + at * width, (size_t)r.run * (size_t)width);
        kept += r.run, at += r.run + r.length;
    }
    memcpy(literals + kept * width, elements + at * width, (size_t)((count - at) * width));
    return kept + count - at;
}
