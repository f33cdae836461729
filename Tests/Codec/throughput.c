/* How small the block codec makes float32 weights, and how fast: what Tests/Benchmarks/sizes.py runs.

     throughput FILE THREADS PASSES < COUNTS

   FILE holds the weights of tensors, one after the other, whose numbers of elements stand on standard input. Prints
   JSON: coded bytes, and GB of decoded weights per second of the fastest pass. Threads take blocks as they come. */
#include "../../Sources/CSkiffCodec/include/skiff_codec.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 65536, MOST_THREADS = 64 };

typedef struct block {
    int64_t offset, bytes, coded;
} block;

static block *blocks;
static int64_t block_count;
static uint8_t *source, *coded, *decoded;
static const skiff_codec_kernels *kernels;
static int is_decoding, thread_count;
static atomic_long next_block;
static atomic_int failures;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *work(void *unused) {
    const skiff_element element = {4, 1};
    (void)unused;
    for (long i; (i = atomic_fetch_add(&next_block, 1)) < block_count;) {
        block *b = &blocks[i];
        if (!is_decoding) b->coded = skiff_codec_encode(kernels, element, source + b->offset, b->bytes, coded + b->offset);
        else if (skiff_codec_decode(kernels, element, coded + b->offset, b->coded, decoded + b->offset, b->bytes))
            atomic_fetch_add(&failures, 1);
    }
    return NULL;
}

static double pass(int decoding) {
    pthread_t threads[MOST_THREADS];
    is_decoding = decoding;
    atomic_store(&next_block, 0);
    const double start = now();
    for (int i = 1; i < thread_count; i++) pthread_create(&threads[i], NULL, work, NULL);
    work(NULL);
    for (int i = 1; i < thread_count; i++) pthread_join(threads[i], NULL);
    return now() - start;
}

int main(int count, char **arguments) {
    if (count < 4) return fputs("usage: throughput FILE THREADS PASSES < COUNTS\n", stderr), 2;
    FILE *file = fopen(arguments[1], "rb");
    if (!file) return perror(arguments[1]), 1;
    fseek(file, 0, SEEK_END);
    const int64_t size = ftell(file);
    rewind(file);
    source = malloc((size_t)size + 1), coded = malloc((size_t)size + 1), decoded = malloc((size_t)size + 1);
    if (fread(source, 1, (size_t)size, file) != (size_t)size) return perror(arguments[1]), 1;
    fclose(file);
    /* Pages are there before anything is timed. */
    memset(coded, 1, (size_t)size), memset(decoded, 1, (size_t)size);
    blocks = malloc(sizeof(block) * (size_t)(size / 4 + 1));
    int64_t offset = 0;
    for (long long elements; scanf("%lld", &elements) == 1;)
        for (; elements > 0 && offset < size; elements -= BLOCK) {
            const int64_t bytes = 4 * (elements < BLOCK ? elements : BLOCK);
            blocks[block_count++] = (block){offset, bytes, 0};
            offset += bytes;
        }
    if (offset != size) return fputs("the counts do not make the file\n", stderr), 1;
    thread_count = atoi(arguments[2]) < MOST_THREADS ? atoi(arguments[2]) : MOST_THREADS;
    const char *forced = getenv("SKIFF_KERNELS");
    kernels = forced && *forced ? skiff_codec_find(forced) : skiff_codec_best();
    if (!kernels) return fputs("this processor does not have those kernels\n", stderr), 1;
    double best[2] = {1e9, 1e9};
    for (int p = 0; p < atoi(arguments[3]); p++)
        for (int d = 0; d < 2; d++) {
            const double seconds = pass(d);
            if (seconds < best[d]) best[d] = seconds;
        }
    int64_t total = 0;
    for (int64_t i = 0; i < block_count; i++) total += blocks[i].coded;
    if (atomic_load(&failures) || memcmp(source, decoded, (size_t)size) != 0) return fputs("not the same\n", stderr), 1;
    printf("{\"kernels\": \"%s\", \"bytes\": %lld, \"encode\": %.3f, \"decode\": %.3f}\n", kernels->name,
           (long long)total, (double)size / best[0] / 1e9, (double)size / best[1] / 1e9);
    return 0;
}
