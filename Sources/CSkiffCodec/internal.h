/* What coding and decoding share. */
#ifndef SKIFF_CODEC_INTERNAL_H
#define SKIFF_CODEC_INTERNAL_H

#include "include/skiff_codec.h"

enum skiff_plane_mode {
    SKIFF_PLANE_CONSTANT,  /* one byte, which all are */
    SKIFF_PLANE_RAW,       /* the bytes */
    SKIFF_PLANE_CODED,     /* rANS: table, states, words */
    SKIFF_PLANE_SPLIT,     /* two modes, then elements whose top byte is not zero, then those whose is */
};

enum {
    SKIFF_FLAG_REPEATS = 1,          /* of the first nibble: repeats stand before the planes */
    SKIFF_LOWEST_LOG = 1,            /* frequencies add up to 1 << log */
    SKIFF_HIGHEST_LOG = 12,
    SKIFF_HIGHEST_LANES_LOG = 6,
    SKIFF_STATE = 1 << 16,           /* where encoders start, and the least that a state is between symbols */
};

/* An entry of a decoding table, for each slot: its symbol, slot less the symbol's start, the symbol's frequency. */
static inline uint32_t skiff_entry(uint32_t symbol, uint32_t frequency, uint32_t offset) {
    return frequency << 20 | offset << 8 | symbol;
}

static inline uint32_t skiff_load16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t skiff_load32(const uint8_t *p) { return skiff_load16(p) | skiff_load16(p + 2) << 16; }

#endif
