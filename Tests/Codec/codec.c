/* Runs the block codec with every instruction set that this processor has on buffers that end where their bytes end:
   meant for clang's address and undefined-behaviour sanitizers, see `make sanitize`.

     codec [CASES [SEED]]

   A case codes a block that is drawn from its seed, decodes it, and decodes what changed bytes and truncations make of
   it. All sets have to agree. Each case prints nothing or, where it fails, its seed. */
#include "../../Sources/CSkiffCodec/include/skiff_codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const skiff_codec_kernels *sets[3];
static int set_count;
static uint64_t state;
static const char *failure;

static uint64_t next(void) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static int64_t between(int64_t low, int64_t high) { return low + (int64_t)(next() % (uint64_t)(high - low + 1)); }

static float weight(void) {
    float sum = 0;
    for (int i = 0; i < 12; i++) sum += (float)(next() >> 40) * 0x1p-24f;
    return (sum - 6) * 0.02f;
}

/* Elements of some kind; floats are of 4 bytes, and stand in wider or narrower elements as their bytes fall. */
static void fill(uint8_t *bytes, int64_t count, int kind) {
    const int64_t row = between(9, 300);
    for (int64_t i = 0; i < count; i++) {
        float f = weight();
        uint32_t v;
        memcpy(&v, &f, 4);
        switch (kind) {
        case 0: break;                                       /* weights */
        case 1: v = (uint32_t)next(); break;                 /* noise */
        case 2: v = 0; break;                                /* zeros */
        case 3: v &= 0xffff0000; break;                      /* 16 bits once */
        case 4: v = next() % 10 ? 0 : v; break;              /* pruned */
        case 5: v = next() % 2 ? v & 0x80000000 : v; break;  /* pruned by a mask */
        case 6: v = (uint32_t)(next() & next() & 0x07030103); break;
        default:                                             /* rows of which most are the same */
            if (i / row % 3 != 0 && i >= row) memcpy(&v, bytes + 4 * (i - row), 4);
        }
        memcpy(bytes + 4 * i, &v, 4);
    }
}

/* A copy that ends where its bytes end. */
static uint8_t *exact(const uint8_t *bytes, int64_t count) {
    uint8_t *copy = malloc((size_t)count + (count == 0));
    memcpy(copy, bytes, (size_t)count);
    return copy;
}

/* Decodes by all sets; what they say has to be the same. */
static int decode(skiff_element element, const uint8_t *coded, int64_t size, uint8_t *decoded, int64_t bytes) {
    uint8_t *block = exact(coded, size), *other = malloc((size_t)bytes + 1);
    int result = 0;
    for (int s = 0; s < set_count; s++) {
        uint8_t *output = malloc((size_t)bytes + (bytes == 0));
        const int found = skiff_codec_decode(sets[s], element, block, size, output, bytes);
        if (s > 0 && found != result) failure = "one set fails otherwise than another";
        if (s > 0 && !found && !result && memcmp(output, other, (size_t)bytes) != 0) failure = "sets decode differently";
        result = found;
        memcpy(other, output, found ? 0 : (size_t)bytes);
        free(output);
    }
    memcpy(decoded, other, result ? 0 : (size_t)bytes);
    free(block);
    free(other);
    return result;
}

static void one(void) {
    static const skiff_element elements[] = {{4, 1}, {4, 0}, {2, 1}, {2, 0}, {8, 4}, {8, 0}, {1, 0}};
    static const int64_t sizes[] = {1, 2, 15, 63, 64, 65, 100, 511, 513, 2047, 2050, 8192, 9001, 32768, 33000, 66000};
    const skiff_element element = elements[between(0, 6)];
    const int64_t count = next() % 2 ? sizes[between(0, 15)] : between(0, 5000), bytes = count * element.width;
    uint8_t *memory = malloc((size_t)(4 * (bytes / 4 + 1)));
    fill(memory, bytes / 4 + 1, (int)between(0, 7));
    uint8_t *source = exact(memory, bytes), *coded = malloc((size_t)bytes + 1), *again = malloc((size_t)bytes + 1);
    int64_t size = 0;
    for (int s = 0; s < set_count; s++) {
        uint8_t *output = malloc((size_t)bytes + (bytes == 0));
        const int64_t found = skiff_codec_encode(sets[s], element, source, bytes, output);
        if (found < 0 || found > bytes) failure = "a coded block is larger than its elements";
        if (s > 0 && (found != size || memcmp(output, coded, (size_t)size) != 0)) failure = "sets encode differently";
        size = found;
        memcpy(coded, output, (size_t)size);
        free(output);
    }
    if (decode(element, coded, size, again, bytes) != 0) failure = "a block is not decoded";
    else if (memcmp(again, source, (size_t)bytes) != 0) failure = "a block is decoded to other elements";
    uint8_t *changed = malloc((size_t)bytes + 8);
    for (int i = 0; i < 60; i++) {
        int64_t length = size;
        memcpy(changed, coded, (size_t)size);
        /* Most often among the first bytes, where modes, tables and states stand. */
        for (int64_t flips = between(1, 3); flips > 0 && size > 0; flips--)
            changed[next() % 2 ? between(0, size < 64 ? size - 1 : 63) : between(0, size - 1)] ^= (uint8_t)between(1, 255);
        if (next() % 4 == 0) length = between(0, size);
        decode(element, changed, length, again, bytes);
        memcpy(changed, coded, (size_t)size);
        length = between(0, size);
        /* A block that stands as it is says nothing of its size. */
        const int is_decoded = decode(element, changed, length, again, bytes) == 0;
        if (is_decoded && length < size && size < bytes) failure = "a cut block is decoded";
    }
    free(changed), free(memory), free(source), free(coded), free(again);
}

int main(int count, char **arguments) {
    static const char *const names[] = {"portable", "avx2", "avx512"};
    for (int i = 0; i < 3; i++)
        if (skiff_codec_find(names[i])) sets[set_count++] = skiff_codec_find(names[i]);
    const int64_t cases = count > 1 ? atoll(arguments[1]) : 2000;
    const uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    int failures = 0;
    for (int64_t i = 0; i < cases; i++) {
        state = seed + (uint64_t)i;
        failure = NULL;
        one();
        if (!failure) continue;
        failures++;
        printf("case %llu: %s\n", (unsigned long long)(seed + (uint64_t)i), failure);
    }
    printf("codec: %lld cases by %d sets, %d failures\n", (long long)cases, set_count, failures);
    return failures != 0;
}
