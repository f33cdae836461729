/* Stored elements as numbers, and their digest. */

#define SKIFF_CONVERT(from, to) \
    for (int64_t i = 0; i < count; i++) { \
        from element; \
        memcpy(&element, (const char *)elements + i * (int64_t)sizeof(element), sizeof(element)); \
        ((to *)numbers)[i] = (to)element; \
    } \
    return

static void SKIFF_EXPAND(convert, SKIFF_SET)(const void *elements, int32_t type, int64_t count, void *numbers) {
    switch (type) {
    case SKIFF_HALF:
        for (int64_t i = 0; i < count; i++) {
            uint16_t half;
            memcpy(&half, (const char *)elements + 2 * i, 2);
            /* Scaling by 2^112 moves the exponent's bias, and makes denormal halves what they are. */
            uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
            float x;
            memcpy(&x, &bits, 4);
            x *= 0x1p112f;
            memcpy(&bits, &x, 4);
            bits |= ((half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0) | (uint32_t)(half & 0x8000) << 16;
            memcpy((float *)numbers + i, &bits, 4);
        }
        return;
    case SKIFF_BFLOAT:
        for (int64_t i = 0; i < count; i++) {
            uint16_t element;
            memcpy(&element, (const char *)elements + 2 * i, 2);
            uint32_t bits = (uint32_t)element << 16;
            memcpy((float *)numbers + i, &bits, 4);
        }
        return;
    case SKIFF_INT16: SKIFF_CONVERT(int16_t, float);
    case SKIFF_UINT16: SKIFF_CONVERT(uint16_t, float);
    case SKIFF_INT32: SKIFF_CONVERT(int32_t, double);
    case SKIFF_UINT32: SKIFF_CONVERT(uint32_t, double);
    case SKIFF_INT64: SKIFF_CONVERT(int64_t, double);
    case SKIFF_UINT64: SKIFF_CONVERT(uint64_t, double);
    }
}

static void SKIFF_EXPAND(look_up, SKIFF_SET)(
    const uint8_t *elements, const float *table, int64_t count, float *numbers) {
    for (int64_t i = 0; i < count; i++) numbers[i] = table[elements[i]];
}

static inline __attribute__((always_inline)) uint64_t SKIFF_EXPAND(mixed, SKIFF_SET)(uint64_t state, uint64_t word) {
    uint64_t keyed = word ^ 0x9E3779B97F4A7C15u;
    return state + (keyed & 0xffffffffu) * (keyed >> 32) + (word << 32 | word >> 32);
}

static void SKIFF_EXPAND(digest, SKIFF_SET)(const uint8_t *bytes, int64_t count, uint64_t *state) {
    int64_t i = 0;
    uint64_t words[8];
    int64_t stripe = 0;
    for (; i + 64 <= count; i += 64) {
        memcpy(words, bytes + i, 64);
        for (int k = 0; k < 8; k++) state[k] = SKIFF_EXPAND(mixed, SKIFF_SET)(state[k], words[k]);
        /* Scrambling now and then makes the order of stripes count. */
        if ((++stripe & 15) == 0)
            for (int k = 0; k < 8; k++) {
                state[k] ^= state[k] >> 47;
                state[k] *= 0xD6E8FEB86659FD93u;
            }
    }
    if (i < count) {
        memset(words, 0, 64);
        memcpy(words, bytes + i, (size_t)(count - i));
        for (int k = 0; k < 8; k++) state[k] = SKIFF_EXPAND(mixed, SKIFF_SET)(state[k], words[k]);
    }
    for (int k = 0; k < 8; k++) state[k] = (state[k] ^ state[k] >> 29) * 0x94D049BB133111EBu;
}
