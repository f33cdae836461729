/* Decoding by scalar instructions, whatever the number of lanes: the truth that vectors have to give bit for bit. */
#include "../internal.h"
#include "planes.h"

static inline __attribute__((always_inline)) int64_t SKIFF_NAMED(steps)(
    uint32_t *states, int lanes, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end,
    uint8_t *symbols, int64_t steps) {
    const uint32_t mask = (1u << log) - 1;
    const uint8_t *p = *next;
    uint32_t x[SKIFF_CODEC_LANES];
    memcpy(x, states, sizeof(uint32_t) * (size_t)lanes);
    int64_t done = 0;
    for (; done < steps && end - p >= 2 * lanes; done++, symbols += lanes) {
#pragma clang loop unroll_count(8)
        for (int i = 0; i < lanes; i++) {
            const uint32_t entry = table[x[i] & mask];
            symbols[i] = (uint8_t)entry;
            const uint32_t y = (entry >> 20) * (x[i] >> log) + (entry >> 8 & 0xfff), longer = y << 16 | skiff_load16(p);
            const int is_short = y < SKIFF_STATE;
            /* No branch, which would be missed each sixth time. */
            x[i] = __builtin_unpredictable(is_short) ? longer : y;
            p += 2 * is_short;
        }
    }
    memcpy(states, x, sizeof(uint32_t) * (size_t)lanes);
    *next = p;
    return done;
}

static int64_t SKIFF_NAMED(scalar)(
    uint32_t *states, int32_t lanes_log, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end,
    uint8_t *symbols, int64_t steps) {
    switch (lanes_log) {
    case 0: return SKIFF_NAMED(steps)(states, 1, table, log, next, end, symbols, steps);
    case 1: return SKIFF_NAMED(steps)(states, 2, table, log, next, end, symbols, steps);
    case 2: return SKIFF_NAMED(steps)(states, 4, table, log, next, end, symbols, steps);
    case 3: return SKIFF_NAMED(steps)(states, 8, table, log, next, end, symbols, steps);
    case 4: return SKIFF_NAMED(steps)(states, 16, table, log, next, end, symbols, steps);
    case 5: return SKIFF_NAMED(steps)(states, 32, table, log, next, end, symbols, steps);
    default: return SKIFF_NAMED(steps)(states, 64, table, log, next, end, symbols, steps);
    }
}
