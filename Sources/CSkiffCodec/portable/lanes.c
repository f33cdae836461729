/* The truth: what the other instruction sets have to give, bit for bit. */
#define SKIFF_SET portable
#include "../template/planes.h"

static int64_t decode_lanes(
    uint32_t *states, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end, uint8_t *symbols,
    int64_t steps) {
    uint32_t x[SKIFF_CODEC_LANES];
    memcpy(x, states, sizeof(x));
    const uint8_t *p = *next;
    const uint32_t mask = (1u << log) - 1;
    int64_t done = 0;
    for (; done < steps && end - p >= 2 * SKIFF_CODEC_LANES; done++, symbols += SKIFF_CODEC_LANES)
#pragma clang loop unroll(full)
        for (int i = 0; i < SKIFF_CODEC_LANES; i++) {
            uint32_t entry = table[x[i] & mask];
            symbols[i] = (uint8_t)(entry >> 24);
            uint32_t y = (entry >> 12 & 0xfff) * (x[i] >> log) + (entry & 0xfff);
            /* No branch, which would be missed each sixth time. */
            uint32_t is_short = y >> 16 == 0;
            uint32_t word = ((uint32_t)p[0] | (uint32_t)p[1] << 8) & (0 - is_short);
            x[i] = y << (is_short << 4) | word;
            p += 2 * is_short;
        }
    memcpy(states, x, sizeof(x));
    *next = p;
    return done;
}

const skiff_codec_kernels skiff_codec__portable = {"portable", decode_lanes, join__portable, cut__portable};
