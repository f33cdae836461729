#if defined(__x86_64__)
#include <immintrin.h>
#define SKIFF_SET avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,popcnt,bmi,bmi2"))), apply_to = function)
#include "../template/lanes.h"
#include "../template/digest.h"

/* One symbol of each of 16 lanes. */
static inline __m512i step(__m512i x, const uint32_t *table, __m512i mask, __m128i log, const uint8_t **p, uint8_t *out) {
    const __m512i low = _mm512_set1_epi32(0xfff);
    __m512i entry = _mm512_i32gather_epi32(_mm512_and_si512(x, mask), table, 4);
    _mm_storeu_si128((void *)out, _mm512_cvtepi32_epi8(entry));
    __m512i offset = _mm512_and_si512(_mm512_srli_epi32(entry, 8), low);
    x = _mm512_add_epi32(_mm512_mullo_epi32(_mm512_srli_epi32(entry, 20), _mm512_srl_epi32(x, log)), offset);
    __mmask16 isShort = _mm512_cmplt_epu32_mask(x, _mm512_set1_epi32(1 << 16));
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)*p));
    __m512i read = _mm512_maskz_expand_epi32(isShort, words);
    *p += 2 * __builtin_popcount(isShort);
    return _mm512_mask_or_epi32(x, isShort, _mm512_slli_epi32(x, 16), read);
}

static inline __attribute__((always_inline)) int64_t steps(
    uint32_t *states, int vectors, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end,
    uint8_t *symbols, int64_t steps) {
    const __m512i mask = _mm512_set1_epi32((1 << log) - 1);
    const __m128i shift = _mm_cvtsi32_si128(log);
    __m512i x[4];
    for (int i = 0; i < vectors; i++) x[i] = _mm512_loadu_si512(states + 16 * i);
    const uint8_t *p = *next;
    int64_t done = 0;
    for (; done < steps && end - p >= 32 * vectors; done++, symbols += 16 * vectors)
        for (int i = 0; i < vectors; i++) x[i] = step(x[i], table, mask, shift, &p, symbols + 16 * i);
    for (int i = 0; i < vectors; i++) _mm512_storeu_si512(states + 16 * i, x[i]);
    *next = p;
    return done;
}

static int64_t decode_lanes(
    uint32_t *states, int32_t lanes_log, const uint32_t *table, int32_t log, const uint8_t **next, const uint8_t *end,
    uint8_t *symbols, int64_t count) {
    switch (lanes_log) {
    case 6: return steps(states, 4, table, log, next, end, symbols, count);
    case 5: return steps(states, 2, table, log, next, end, symbols, count);
    case 4: return steps(states, 1, table, log, next, end, symbols, count);
    default: return scalar__avx512(states, lanes_log, table, log, next, end, symbols, count);
    }
}

const skiff_codec_kernels skiff_codec__avx512 = {"avx512", decode_lanes, join__avx512, cut__avx512, digest__avx512};
#pragma clang attribute pop
#else
typedef int skiff_not_this_architecture;
#endif
