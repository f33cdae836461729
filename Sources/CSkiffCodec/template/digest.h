/* Sums of element hashes, which Docs/Format.md calls terms: a plain loop, which the compiler makes vectors of. */
#include "../include/skiff_codec.h"
#include <string.h>

#define SKIFF_DIGEST(type, name) \
    static void SKIFF_NAMED(name)( \
        const uint8_t *elements, int64_t count, uint64_t term, uint64_t difference, uint64_t *sums) { \
        uint64_t low = 0, high = 0; \
        for (int64_t i = 0; i < count; i++) { \
            type bits; \
            memcpy(&bits, elements + i * (int64_t)sizeof(type), sizeof(type)); \
            uint64_t x = (((uint64_t)bits + 1) * 0x9E3779B97F4A7C15u) ^ (term + (uint64_t)i * difference); \
            x ^= x >> 32; \
            x *= 0xBF58476D1CE4E5B9u; \
            x ^= x >> 29; \
            uint64_t y = x * 0x94D049BB133111EBu; \
            low += x; \
            high += y ^ y >> 32; \
        } \
        sums[0] += low; \
        sums[1] += high; \
    }

SKIFF_DIGEST(uint8_t, digest1)
SKIFF_DIGEST(uint16_t, digest2)
SKIFF_DIGEST(uint32_t, digest4)
SKIFF_DIGEST(uint64_t, digest8)

static void SKIFF_NAMED(digest)(
    const uint8_t *elements, int32_t width, int64_t count, uint64_t first, uint64_t step, uint64_t *sums) {
    const uint64_t factor = 0xD6E8FEB86659FD93u;
    switch (width) {
    case 1: SKIFF_NAMED(digest1)(elements, count, first * factor, step * factor, sums); return;
    case 2: SKIFF_NAMED(digest2)(elements, count, first * factor, step * factor, sums); return;
    case 4: SKIFF_NAMED(digest4)(elements, count, first * factor, step * factor, sums); return;
    default: SKIFF_NAMED(digest8)(elements, count, first * factor, step * factor, sums); return;
    }
}
