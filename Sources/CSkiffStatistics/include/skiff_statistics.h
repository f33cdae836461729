/* What a run of numbers is like. Every instruction set gives the same bits: sums go through sixteen lanes in an order
   that hangs on nothing but the run, and nothing is contracted.

   Numbers are rows of a tensor (outer, channels, inner) in row-major order; `first` is the run's first element in it. */
#ifndef SKIFF_STATISTICS_H
#define SKIFF_STATISTICS_H

#include <stdint.h>

enum {
    SKIFF_STATISTICS_TABLES = 4,         /* interleaved, so that equal neighbours do not wait for each other */
    SKIFF_STATISTICS_BINS = 64,
    SKIFF_STATISTICS_DISTINCT = 256,     /* distinct numbers that are counted; more are "many" */
    SKIFF_STATISTICS_SLOTS = 1024,
};

/* What is said of a run as a whole. */
typedef struct skiff_survey {
    int64_t *exponents;                  /* by biased exponent of the number's type: 256 of a float, 2048 of a double */
    uint64_t fraction;                   /* the fraction bits that any finite number has set */
    int64_t nans, positive_infinities, negative_infinities;
    uint32_t leaves_half_grid;           /* whether a number is no multiple of 2^-24 */
    uint32_t is_fractional;              /* whether a number is not whole */
} skiff_survey;

/* By channel, of its finite numbers. Arrays begin with the channel `lowest`. */
typedef struct skiff_channels {
    int64_t channels, inner, lowest;
    double *sum, *minimum, *maximum;
    int64_t *zeros, *left_out;           /* left out: not finite */
} skiff_channels;

/* The first distinct numbers of a run, by their bits; zeros are one. */
typedef struct skiff_distinct {
    int64_t count;                       /* more than SKIFF_STATISTICS_DISTINCT where there are many */
    uint64_t *keys;                      /* SKIFF_STATISTICS_SLOTS of each */
    uint8_t *taken;
} skiff_distinct;

enum skiff_number_type {
    SKIFF_HALF, SKIFF_BFLOAT, SKIFF_INT16, SKIFF_UINT16,                   /* become floats */
    SKIFF_INT32, SKIFF_UINT32, SKIFF_INT64, SKIFF_UINT64,                  /* become doubles */
};

/* Loops over numbers of one type, float or double. */
typedef struct skiff_statistics_loops {
    void (*survey)(const void *numbers, int64_t count, skiff_survey *survey);
    /* `is_finite` says that all numbers are. */
    void (*channels)(const void *numbers, int64_t first, int64_t count, int32_t is_finite, skiff_channels *channels);
    /* Adds the squared distances from `mean`, by channel, to `squares`; both begin with the channel `lowest`. */
    void (*deviations)(
        const void *numbers, int64_t first, int64_t count, int32_t is_finite, const skiff_channels *channels,
        const double *mean, double *squares);
    /* Counts finite numbers x by (x - lower) * scale, cut off at the ends. */
    void (*histogram)(
        const void *numbers, int64_t count, int32_t is_finite, double lower, double scale,
        int64_t *counts);
    void (*distinct)(const void *numbers, int64_t count, skiff_distinct *distinct);
} skiff_statistics_loops;

typedef struct skiff_statistics_kernels {
    const char *name;
    skiff_statistics_loops f32, f64;
    /* Little-endian elements to floats or doubles. */
    void (*convert)(const void *elements, int32_t type, int64_t count, void *numbers);
    /* Elements of a byte each, by a table. */
    void (*look_up)(const uint8_t *elements, const float *table, int64_t count, float *numbers);
    /* Takes `count` bytes into a digest, which tells tensors apart; whoever calls them equal compares them. */
    void (*digest)(const uint8_t *bytes, int64_t count, uint64_t *state);
} skiff_statistics_kernels;

/* The kernels of that name; NULL where this processor does not have them. */
const skiff_statistics_kernels *skiff_statistics_find(const char *name);
const skiff_statistics_kernels *skiff_statistics_best(void);

#endif
