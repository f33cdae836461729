/* Which mode a plane gets, and the frequencies of a coded one. */
#include "plan.h"
#include <string.h>

/* log2(1 + i / 64) in 1 / 65536. */
static const uint32_t logarithms[65] = {
    0, 1466, 2909, 4331, 5732, 7112, 8473, 9814, 11136, 12440, 13727,
    14996, 16248, 17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711, 26830,
    27936, 29029, 30109, 31178, 32234, 33279, 34312, 35334, 36346, 37346, 38336,
    39316, 40286, 41246, 42196, 43137, 44068, 44990, 45904, 46809, 47705, 48593,
    49472, 50344, 51207, 52063, 52911, 53751, 54584, 55410, 56229, 57040, 57845,
    58643, 59434, 60219, 60997, 61769, 62534, 63294, 64047, 64794, 65536
};

/* log2(value) in 1 / 65536, between two entries of the table on the line through them. */
static int64_t logarithm(uint32_t value) {
    const int width = skiff_bit_width(value);
    const uint32_t fraction = width > 17 ? value >> (width - 17) : value << (17 - width);
    const uint32_t index = fraction >> 10 & 63, rest = fraction & 1023;
    return ((int64_t)(width - 1) << 16)
        + logarithms[index] + ((logarithms[index + 1] - logarithms[index]) * rest >> 10);
}

static int64_t bytes_of(int64_t bits) { return ((bits >> 16) + 7) / 8; }

static void count_symbols(const uint8_t *bytes, int64_t count, uint32_t *counts) {
    uint32_t four[4][256] = {{0}};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t v;
        memcpy(&v, bytes + i, 8);
        four[0][v & 255]++, four[1][v >> 8 & 255]++, four[2][v >> 16 & 255]++, four[3][v >> 24 & 255]++;
        four[0][v >> 32 & 255]++, four[1][v >> 40 & 255]++, four[2][v >> 48 & 255]++, four[3][v >> 56]++;
    }
    for (; i < count; i++) four[0][bytes[i]]++;
    for (int s = 0; s < 256; s++) counts[s] = four[0][s] + four[1][s] + four[2][s] + four[3][s];
}

/* Frequencies that add up to 1 << log, near the share of each symbol and never 0 for one that occurs. */
static void normalise(const uint32_t *counts, int64_t count, int log, skiff_plan *plan) {
    const int64_t total = (int64_t)1 << log;
    int64_t sum = 0;
    for (int s = plan->first; s <= plan->last; s++) {
        const int64_t share = ((int64_t)counts[s] * total * 2 + count) / (2 * count);
        plan->frequencies[s] = counts[s] == 0 ? 0 : share < 1 ? 1 : (uint32_t)share;
        sum += plan->frequencies[s];
    }
    /* One more or less where it gains most or costs least: a symbol gains about count / (frequency + 1/2). */
    for (; sum < total; sum++) {
        int best = -1;
        for (int s = plan->first; s <= plan->last; s++)
            if (counts[s] > 0 && (best < 0 || (uint64_t)counts[s] * (2 * plan->frequencies[best] + 1)
                                     > (uint64_t)counts[best] * (2 * plan->frequencies[s] + 1)))
                best = s;
        plan->frequencies[best]++;
    }
    for (; sum > total; sum--) {
        int best = -1;
        for (int s = plan->first; s <= plan->last; s++)
            if (plan->frequencies[s] > 1 && (best < 0 || (uint64_t)counts[s] * (2 * plan->frequencies[best] - 1)
                                                < (uint64_t)counts[best] * (2 * plan->frequencies[s] - 1)))
                best = s;
        plan->frequencies[best]--;
    }
}

/* Bytes of a coded plane with the plan's frequencies. */
static int64_t coded_size(const uint32_t *counts, int log, int lanes_log, const skiff_plan *plan) {
    int64_t table = 0, payload = 0;
    for (int s = plan->first; s <= plan->last; s++) {
        const uint32_t f = plan->frequencies[s];
        table += f > 1 ? skiff_bit_width(f) + 3 : 4;
        if (f > 0) payload += counts[s] * (((int64_t)log << 16) - logarithm(f));
    }
    /* A state holds two bytes more than the least, and half a word of what was coded. */
    return 3 + (table + 7) / 8 + (3LL << lanes_log) + bytes_of(payload);
}

/* Few lanes where a state of four bytes each would tell. */
static int lanes_log_for(int64_t count) {
    return count >= 65536 ? 6 : count >= 16384 ? 5 : count >= 8192 ? 4 : count >= 2048 ? 3 : count >= 1024 ? 2 : count >= 512 ? 1 : 0;
}

/* Gives how many bytes are zero. */
static int64_t plan_plane(const uint8_t *bytes, int64_t count, skiff_plan *plan) {
    uint32_t counts[256];
    count_symbols(bytes, count, counts);
    *plan = (skiff_plan){.size = count, .mode = SKIFF_PLANE_RAW};
    int present = 0;
    int64_t entropy = count * logarithm((uint32_t)count);
    for (int s = 0; s < 256; s++) {
        if (counts[s] == 0) continue;
        if (present++ == 0) plan->first = s;
        plan->last = s;
        entropy -= counts[s] * logarithm(counts[s]);
    }
    if (present == 1) {
        plan->mode = SKIFF_PLANE_CONSTANT, plan->size = 1;
        return counts[0];
    }
    /* A part in 64 pays for the time of decoding it. */
    const int64_t worthwhile = count - 1 - count / 64;
    const int lanes_log = lanes_log_for(count);
    if (bytes_of(entropy) + (3 << lanes_log) + present / 2 + 3 > worthwhile) return counts[0];
    int64_t least = worthwhile + 1;
    int lowest = skiff_bit_width((uint32_t)present - 1);
    if (lowest < SKIFF_LOWEST_LOG) lowest = SKIFF_LOWEST_LOG;
    /* A table of more entries than bytes takes longer to make than it saves. */
    int highest = skiff_bit_width((uint32_t)count) - 1;
    if (highest > SKIFF_HIGHEST_LOG) highest = SKIFF_HIGHEST_LOG;
    if (count >= 8192) lowest = highest;
    for (int log = lowest; log <= highest; log++) {
        normalise(counts, count, log, plan);
        const int64_t size = coded_size(counts, log, lanes_log, plan);
        if (size < least) least = size, plan->log = log;
    }
    if (least > worthwhile) return counts[0];
    if (plan->log != highest) normalise(counts, count, plan->log, plan);
    plan->mode = SKIFF_PLANE_CODED, plan->size = least, plan->lanes_log = lanes_log;
    return counts[0];
}

int64_t skiff_split(const uint8_t *top, const uint8_t *plane, int64_t count, uint8_t *parts) {
    int64_t filled = 0;
    for (int64_t i = 0; i < count; i++) filled += top[i] != 0;
    uint8_t *a = parts, *b = parts + filled;
    for (int64_t i = 0; i < count; i++) {
        const int is_filled = top[i] != 0;
        *(is_filled ? a : b) = plane[i];
        a += is_filled, b += !is_filled;
    }
    return filled;
}

static int64_t number_size(int64_t value) { return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3; }

void skiff_plan_block(
    uint8_t *const *planes, int width, int64_t count, const skiff_repeats *repeats, uint8_t *spare,
    skiff_block_plan *plan) {
    plan->repeats = repeats;
    plan->size = width / 2 + 1;
    if (repeats) plan->size += repeats->size + number_size(repeats->count);
    int64_t zeros = 0;
    for (int i = 0; i < width; i++) {
        skiff_plan *parts = plan->planes[i];
        const int64_t found = plan_plane(planes[i], count, &parts[0]);
        if (i == 0) zeros = found;
        plan->is_split[i] = 0;
        if (i > 0 && zeros >= count / 16 && zeros > 0 && zeros < count && parts[0].mode != SKIFF_PLANE_CONSTANT) {
            const skiff_plan together = parts[0];
            const int64_t filled = skiff_split(planes[0], planes[i], count, spare);
            plan_plane(spare, filled, &parts[0]);
            plan_plane(spare + filled, count - filled, &parts[1]);
            plan->is_split[i] = 1 + parts[0].size + parts[1].size < together.size;
            if (!plan->is_split[i]) parts[0] = together;
        }
        plan->size += plan->is_split[i] ? 1 + parts[0].size + parts[1].size : parts[0].size;
    }
}
