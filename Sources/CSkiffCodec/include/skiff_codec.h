/* The block codec: elements of one type, coded so that each block decodes alone. Docs/Format.md describes the bytes.

   A block of n elements of w bytes is stored as it is where its coded size equals n * w, else as

     flags and plane modes    nibbles, the low one of a byte first: flags, then one mode per plane, top plane first
     repeats                  where the flags say so
     planes                   top plane first

   Elements are rotated left before they are cut into planes, so that the exponent of a float fills the top one.
   Nothing here keeps state; what `decode` reads may be hostile. */
#ifndef SKIFF_CODEC_H
#define SKIFF_CODEC_H

#include <stdint.h>

enum { SKIFF_CODEC_LANES = 64, SKIFF_CODEC_MAXIMUM_WIDTH = 8, SKIFF_CODEC_MAXIMUM_ELEMENTS = 1 << 20 };

/* How elements of a type become planes: bytes each (1, 2, 4 or 8), and bits to rotate left. */
typedef struct skiff_element {
    int32_t width, rotation;
} skiff_element;

enum skiff_codec_failure {
    SKIFF_CODEC_OK,
    SKIFF_CODEC_TRUNCATED,      /* ends before its last plane does */
    SKIFF_CODEC_TRAILING,       /* bytes follow the last plane, or it is longer than the elements themselves */
    SKIFF_CODEC_MODE,           /* a mode, or flags, that there are not */
    SKIFF_CODEC_TABLE,          /* frequencies that break a rule */
    SKIFF_CODEC_STATE,          /* a lane that does not end where encoders start */
    SKIFF_CODEC_REPEAT,         /* a repeat that reaches outside of what came before it, or of the block */
    SKIFF_CODEC_MEMORY,
};

/* The loops that instruction sets differ in. All give the same bytes. */
typedef struct skiff_codec_kernels {
    const char *name;
    /* Decodes up to `steps` steps of 1 << lanes_log symbols while `end - *next` leaves room for what they read; gives
       the steps done. `table` has 1 << log entries, see internal.h. */
    int64_t (*decode_lanes)(
        uint32_t *states, int32_t lanes_log, const uint32_t *table, int32_t log, const uint8_t **next,
        const uint8_t *end, uint8_t *symbols, int64_t steps);
    /* Planes to elements and back; `planes[0]` is the top one. */
    void (*join)(const uint8_t *const *planes, skiff_element element, int64_t count, uint8_t *elements);
    void (*cut)(const uint8_t *elements, skiff_element element, int64_t count, uint8_t *const *planes);
    /* Adds the terms of `count` little-endian elements of `width` bytes (1, 2, 4 or 8) to a digest's two sums; their
       canonical indices are `first`, `first + step` and so on. */
    void (*digest)(
        const uint8_t *elements, int32_t width, int64_t count, uint64_t first, uint64_t step, uint64_t *sums);
} skiff_codec_kernels;

/* The kernels of that name; NULL where this processor does not have them. */
const skiff_codec_kernels *skiff_codec_find(const char *name);
const skiff_codec_kernels *skiff_codec_best(void);

/* Codes `bytes` bytes of elements into `output`, which has room for as many; gives the coded size, which is `bytes`
   where coding does not pay, or -1 where there is no memory. The same bytes on every machine. */
int64_t skiff_codec_encode(
    const skiff_codec_kernels *kernels, skiff_element element, const uint8_t *elements, int64_t bytes, uint8_t *output);

/* Decodes a block of `bytes` decoded bytes; gives a skiff_codec_failure. */
int32_t skiff_codec_decode(
    const skiff_codec_kernels *kernels, skiff_element element, const uint8_t *coded, int64_t coded_bytes,
    uint8_t *elements, int64_t bytes);

#endif
