#include "reports/numbers.h"

#include <inttypes.h>

const char *numbers_count(struct memory_pool *pool, uint64_t value) {
    if (value < 1000)
        return memory_pool_format(pool, "%" PRIu64, value);
    return memory_pool_format(pool, "%s,%03" PRIu64, numbers_count(pool, value / 1000), value % 1000);
}

/* Hours and minutes, or minutes and seconds: the larger is told first, the smaller only when there is any. */
static const char *two_units(struct memory_pool *pool, uint64_t value, const char *large, const char *small) {
    if (value % 60)
        return memory_pool_format(pool, "%" PRIu64 " %s %" PRIu64 " %s", value / 60, large, value % 60,
                                  small);
    return memory_pool_format(pool, "%" PRIu64 " %s", value / 60, large);
}

const char *numbers_duration(struct memory_pool *pool, uint64_t ns) {
    static const struct {
        uint64_t ns, limit; /* values of this unit end below the limit */
        const char *name;
    } units[] = {{1, 1000, "ns"}, {1000, 1000, "us"}, {1000000, 1000, "ms"}, {1000000000, 60, "s"}};
    if (!ns)
        return "0";
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        uint64_t unit = units[i].ns;
        if (ns / unit >= units[i].limit)
            continue;
        uint64_t tenths = (ns * 10 + unit / 2) / unit, whole = (ns + unit / 2) / unit;
        if (i > 0 && tenths < 100)
            return memory_pool_format(pool, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
                                      units[i].name);
        if (whole < units[i].limit)
            return memory_pool_format(pool, "%" PRIu64 " %s", whole, units[i].name);
    }
    uint64_t seconds = ns / 1000000000 + (ns % 1000000000 >= 500000000);
    return seconds < 3600 ? two_units(pool, seconds, "min", "s") : two_units(pool, seconds / 60, "h", "min");
}

const char *numbers_share(struct memory_pool *pool, uint64_t part, uint64_t whole) {
    double share = whole ? 100.0 * (double)part / (double)whole : part ? 100.0 : 0.0;
    if (!part)
        return "0 %";
    if (share < 0.1)
        return "<0.1 %";
    return memory_pool_format(pool, share < 9.95 ? "%.1f %%" : "%.0f %%", share);
}

const char *numbers_plural(uint64_t count) {
    return count == 1 ? "" : "s";
}
