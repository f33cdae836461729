/* Elements to planes and back: plain loops, which the compiler makes vectors of. */
#include "../include/skiff_codec.h"
#include <string.h>

#define SKIFF_PASTE_(a, b) a##b
#define SKIFF_PASTE(a, b) SKIFF_PASTE_(a, b)
#define SKIFF_NAMED(name) SKIFF_PASTE(name##__, SKIFF_SET)

static void SKIFF_NAMED(join2)(const uint8_t *const *p, int r, int64_t n, uint8_t *restrict out) {
    const uint8_t *restrict a = p[0], *restrict b = p[1];
    for (int64_t i = 0; i < n; i++) {
        uint16_t v = (uint16_t)(a[i] << 8 | b[i]);
        v = r ? (uint16_t)(v >> 1 | v << 15) : v;
        memcpy(out + 2 * i, &v, 2);
    }
}

static void SKIFF_NAMED(join4)(const uint8_t *const *p, int r, int64_t n, uint8_t *restrict out) {
    const uint8_t *restrict a = p[0], *restrict b = p[1], *restrict c = p[2], *restrict d = p[3];
    for (int64_t i = 0; i < n; i++) {
        uint32_t v = (uint32_t)a[i] << 24 | (uint32_t)b[i] << 16 | (uint32_t)c[i] << 8 | d[i];
        v = r ? v >> 1 | v << 31 : v;
        memcpy(out + 4 * i, &v, 4);
    }
}

static void SKIFF_NAMED(join8)(const uint8_t *const *p, int r, int64_t n, uint8_t *restrict out) {
    const uint8_t *restrict a = p[0], *restrict b = p[1], *restrict c = p[2], *restrict d = p[3];
    const uint8_t *restrict e = p[4], *restrict f = p[5], *restrict g = p[6], *restrict h = p[7];
    for (int64_t i = 0; i < n; i++) {
        uint64_t v = (uint64_t)a[i] << 56 | (uint64_t)b[i] << 48 | (uint64_t)c[i] << 40 | (uint64_t)d[i] << 32
            | (uint64_t)e[i] << 24 | (uint64_t)f[i] << 16 | (uint64_t)g[i] << 8 | h[i];
        v = r ? v >> 4 | v << 60 : v;
        memcpy(out + 8 * i, &v, 8);
    }
}

/* A float of 2 or 4 bytes is rotated by 1, of 8 by 4, an integer by 0. */
static void SKIFF_NAMED(join)(const uint8_t *const *planes, skiff_element element, int64_t count, uint8_t *elements) {
    switch (element.width) {
    case 1: memcpy(elements, planes[0], (size_t)count); break;
    case 2: SKIFF_NAMED(join2)(planes, element.rotation, count, elements); break;
    case 4: SKIFF_NAMED(join4)(planes, element.rotation, count, elements); break;
    default: SKIFF_NAMED(join8)(planes, element.rotation, count, elements); break;
    }
}

static void SKIFF_NAMED(cut2)(const uint8_t *restrict in, int r, int64_t n, uint8_t *const *p) {
    uint8_t *restrict a = p[0], *restrict b = p[1];
    for (int64_t i = 0; i < n; i++) {
        uint16_t v;
        memcpy(&v, in + 2 * i, 2);
        v = r ? (uint16_t)(v << 1 | v >> 15) : v;
        a[i] = (uint8_t)(v >> 8), b[i] = (uint8_t)v;
    }
}

static void SKIFF_NAMED(cut4)(const uint8_t *restrict in, int r, int64_t n, uint8_t *const *p) {
    uint8_t *restrict a = p[0], *restrict b = p[1], *restrict c = p[2], *restrict d = p[3];
    for (int64_t i = 0; i < n; i++) {
        uint32_t v;
        memcpy(&v, in + 4 * i, 4);
        v = r ? v << 1 | v >> 31 : v;
        a[i] = (uint8_t)(v >> 24), b[i] = (uint8_t)(v >> 16), c[i] = (uint8_t)(v >> 8), d[i] = (uint8_t)v;
    }
}

static void SKIFF_NAMED(cut8)(const uint8_t *restrict in, int r, int64_t n, uint8_t *const *p) {
    for (int64_t i = 0; i < n; i++) {
        uint64_t v;
        memcpy(&v, in + 8 * i, 8);
        v = r ? v << 4 | v >> 60 : v;
        for (int j = 0; j < 8; j++) p[j][i] = (uint8_t)(v >> (56 - 8 * j));
    }
}

static void SKIFF_NAMED(cut)(const uint8_t *elements, skiff_element element, int64_t count, uint8_t *const *planes) {
    switch (element.width) {
    case 1: memcpy(planes[0], elements, (size_t)count); break;
    case 2: SKIFF_NAMED(cut2)(elements, element.rotation, count, planes); break;
    case 4: SKIFF_NAMED(cut4)(elements, element.rotation, count, planes); break;
    default: SKIFF_NAMED(cut8)(elements, element.rotation, count, planes); break;
    }
}
