#if defined(__x86_64__)
#include <immintrin.h>
#define SKIFF_SET avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,popcnt,bmi,bmi2"))), apply_to = function)
#include "../template/lanes.h"
#include "../template/digest.h"

/* One symbol of each of 8 lanes. */
static inline __m256i step(__m256i x, const uint32_t *table, __m256i mask, __m128i log, const uint8_t **p, __m256i *out) {
    const __m256i low = _mm256_set1_epi32(0xfff), limit = _mm256_set1_epi32(0xffff);
    __m256i entry = _mm256_i32gather_epi32((const int *)table, _mm256_and_si256(x, mask), 4);
    *out = _mm256_and_si256(entry, _mm256_set1_epi32(0xff));
    __m256i offset = _mm256_and_si256(_mm256_srli_epi32(entry, 8), low);
    x = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_srli_epi32(entry, 20), _mm256_srl_epi32(x, log)), offset);
    __m256i isShort = _mm256_cmpeq_epi32(_mm256_max_epu32(x, limit), limit);
    unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(isShort));
    /* Lane i takes the word whose index is the count of short lanes below it. */
    const uint64_t ones = 0x0101010101010101;
    uint64_t flags = ((bits * ones & 0x8040201008040201) + 0x7f7f7f7f7f7f7f7f) >> 7 & ones;
    uint64_t bytes = flags * ones << 8;
    __m256i index = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
    __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)*p));
    __m256i read = _mm256_permutevar8x32_epi32(words, index);
    *p += 2 * __builtin_popcount(bits);
    return _mm256_blendv_epi8(x, _mm256_or_si256(_mm256_slli_epi32(x, 16), read), isShort);
}

static inline __attribute__((always_inline)) int64_t steps(
    uint32_t *states, int vectors, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end,
    uint8_t *symbols, int64_t steps) {
    const __m256i mask = _mm256_set1_epi32((1 << log) - 1), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m128i shift = _mm_cvtsi32_si128(log);
    /* Four vectors give 32 symbols to store at once, two give 16. */
    const int group = vectors < 4 ? vectors : 4;
    __m256i x[8], s[4];
    for (int i = 0; i < vectors; i++) x[i] = _mm256_loadu_si256((const void *)(states + 8 * i));
    const uint8_t *p = *next;
    int64_t done = 0;
    for (; done < steps && end - p >= 16 * vectors; done++)
        for (int first = 0; first < vectors; first += group, symbols += 8 * group) {
            for (int i = 0; i < group; i++) x[first + i] = step(x[first + i], table, mask, shift, &p, &s[i]);
            const __m256i low = _mm256_packus_epi32(s[0], s[1]), high = group > 2 ? _mm256_packus_epi32(s[2], s[3]) : low;
            const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
            if (group > 2) _mm256_storeu_si256((void *)symbols, bytes);
            else _mm_storeu_si128((void *)symbols, _mm256_castsi256_si128(bytes));
        }
    for (int i = 0; i < vectors; i++) _mm256_storeu_si256((void *)(states + 8 * i), x[i]);
    *next = p;
    return done;
}

static int64_t decode_lanes(
    uint32_t *states, int32_t lanes_log, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end,
    uint8_t *symbols, int64_t count) {
    switch (lanes_log) {
    case 6: return steps(states, 8, table, log, next, end, symbols, count);
    case 5: return steps(states, 4, table, log, next, end, symbols, count);
    case 4: return steps(states, 2, table, log, next, end, symbols, count);
    default: return scalar__avx2(states, lanes_log, table, log, next, end, symbols, count);
    }
}

const skiff_codec_kernels skiff_codec__avx2 = {"avx2", decode_lanes, join__avx2, cut__avx2, digest__avx2};
#pragma clang attribute pop
#else
typedef int skiff_not_this_architecture;
#endif
