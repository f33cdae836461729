/* How a block is coded: what the encoder decides before it writes. */
#ifndef SKIFF_CODEC_PLAN_H
#define SKIFF_CODEC_PLAN_H

#include "internal.h"

enum { SKIFF_MOST_REPEATS = 4096 };

/* How the bytes of a plane, or of a part of one, are coded. `size` is in bytes, exact but for rounding. */
typedef struct skiff_plan {
    int64_t size;
    int mode, log, lanes_log, first, last;
    uint32_t frequencies[256];
} skiff_plan;

/* `length` elements that stand `distance` before, after `run` others. */
typedef struct skiff_repeat {
    int32_t run, length, distance;
} skiff_repeat;

typedef struct skiff_repeats {
    int64_t count, size;
    skiff_repeat list[SKIFF_MOST_REPEATS];
} skiff_repeats;

typedef struct skiff_block_plan {
    int64_t size;
    const skiff_repeats *repeats;   /* NULL for none */
    int is_split[SKIFF_CODEC_MAXIMUM_WIDTH];
    skiff_plan planes[SKIFF_CODEC_MAXIMUM_WIDTH][2];
} skiff_block_plan;

static inline int skiff_bit_width(uint32_t value) { return value == 0 ? 0 : 32 - __builtin_clz(value); }

void skiff_plan_block(
    uint8_t *const *planes, int width, int64_t count, const skiff_repeats *repeats, uint8_t *spare,
    skiff_block_plan *plan);

/* The bytes of `plane` whose top byte is not zero, then the others; gives how many the first are. */
int64_t skiff_split(const uint8_t *top, const uint8_t *plane, int64_t count, uint8_t *parts);

void skiff_find_repeats(const uint8_t *elements, int width, int64_t count, skiff_repeats *found);
/* What no repeat makes; gives how many elements that are. */
int64_t skiff_remove_repeats(
    const uint8_t *elements, int width, int64_t count, const skiff_repeats *repeats, uint8_t *literals);

#endif
