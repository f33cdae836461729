#if defined(__x86_64__)
#include <immintrin.h>
#define SKIFF_SET avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,popcnt"))), apply_to = function)
#include "../template/planes.h"

/* One symbol of each of 16 lanes: entries are symbol << 24 | frequency << 12 | slot - start. */
static inline __m512i step(__m512i x, const uint32_t *table, __m512i mask, __m128i log, const uint8_t **p, uint8_t *out) {
    const __m512i low = _mm512_set1_epi32(0xfff);
    __m512i entry = _mm512_i32gather_epi32(_mm512_and_si512(x, mask), table, 4);
    _mm_storeu_si128((void *)out, _mm512_cvtepi32_epi8(_mm512_srli_epi32(entry, 24)));
    __m512i frequency = _mm512_and_si512(_mm512_srli_epi32(entry, 12), low);
    x = _mm512_add_epi32(
        _mm512_mullo_epi32(frequency, _mm512_srl_epi32(x, log)), _mm512_and_si512(entry, low));
    __mmask16 isShort = _mm512_cmplt_epu32_mask(x, _mm512_set1_epi32(1 << 16));
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)*p));
    __m512i read = _mm512_maskz_expand_epi32(isShort, words);
    *p += 2 * __builtin_popcount(isShort);
    return _mm512_mask_or_epi32(x, isShort, _mm512_slli_epi32(x, 16), read);
}

static int64_t decode_lanes(
    uint32_t *states, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end, uint8_t *symbols,
    int64_t steps) {
    const __m512i mask = _mm512_set1_epi32((1 << log) - 1);
    const __m128i shift = _mm_cvtsi32_si128(log);
    __m512i a = _mm512_loadu_si512(states), b = _mm512_loadu_si512(states + 16);
    const uint8_t *p = *next;
    int64_t done = 0;
    for (; done < steps && end - p >= 2 * SKIFF_CODEC_LANES; done++, symbols += SKIFF_CODEC_LANES) {
        a = step(a, table, mask, shift, &p, symbols);
        b = step(b, table, mask, shift, &p, symbols + 16);
    }
    _mm512_storeu_si512(states, a);
    _mm512_storeu_si512(states + 16, b);
    *next = p;
    return done;
}

const skiff_codec_kernels skiff_codec__avx512 = {"avx512", decode_lanes, join__avx512, cut__avx512};
#pragma clang attribute pop
#else
typedef int skiff_not_this_architecture;
#endif
