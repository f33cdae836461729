/* Elements that stand in the block before: rows that are copies of others, pruned rows. */
#include "plan.h"
#include <string.h>

enum { TABLE_LOG = 13, WINDOW = 16, SHORTEST = 32 };

static uint64_t load64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
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

/* Greedy: the latest place with the same 16 bytes, where 32 bytes or more agree. */
void skiff_find_repeats(const uint8_t *elements, int width, int64_t count, skiff_repeats *found) {
    int32_t places[1 << TABLE_LOG];
    memset(places, 0xff, sizeof(places));
    found->count = found->size = 0;
    const uint8_t *const end = elements + count * width;
    const int64_t last = count - (SHORTEST + width - 1) / width;
    int64_t made = 0;
    for (int64_t i = 0; i <= last && found->count < SKIFF_MOST_REPEATS;) {
        const uint8_t *here = elements + i * width;
        int32_t *place = &places[hash(here)];
        const int64_t before = *place;
        *place = (int32_t)i;
        if (before < 0 || load64(elements + before * width) != load64(here)) {
            i++;
            continue;
        }
        const int64_t length = common(elements + before * width, here, end) / width;
        if (length * width < SHORTEST) {
            i++;
            continue;
        }
        const skiff_repeat repeat = {(int32_t)(i - made), (int32_t)length, (int32_t)(i - before)};
        found->list[found->count++] = repeat;
        found->size += number_size(repeat.run) + number_size(length - 1) + number_size(repeat.distance - 1);
        i += length, made = i;
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
