/* Independent multiply-adds in registers, as many as hide the latency; the sink keeps them from being dropped. */
static int64_t SKIFF_NAME(peak)(int64_t rounds, void *sink) {
    enum { chains = 2 * SKIFF_TILE > 16 ? 16 : 2 * SKIFF_TILE };
    vector sum[chains];
    vector factor = (vector)((element)0.999), step = (vector)((element)0.001);
    for (int i = 0; i < chains; i++) sum[i] = (vector)((element)i);
    for (int64_t round = 0; round < rounds; round++) {
        SKIFF_UNROLL for (int i = 0; i < chains; i++) sum[i] = multiply_add(sum[i], factor, step);
    }
    vector total = sum[0];
    for (int i = 1; i < chains; i++) total += sum[i];
    store((element *)sink, total);
    return rounds * chains * SKIFF_LANES;
}
