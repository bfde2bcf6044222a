/* Replays recordings, and compares the rings that this finds with those that the library found while the
 * program ran.
 *
 *     replay_rings RECORDING...
 *
 * Prints "RECORDING: N rings" when they are the same; else which one only the one or the other has, and exits
 * with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/orders.h"

struct rings {
    char **texts;
    size_t count;
};

/* The ring as a text that begins with its smallest lock. A lock several times in a row, which a waiting
 * writer makes of it, counts once. */
static char *text_of(const struct orders *orders, const uint32_t *locks, uint32_t count) {
    uint32_t *ring = calloc(count + 1, sizeof *ring), length = 0, first = 0;
    for (uint32_t i = 0; i < count; i++)
        if (locks[i] != locks[(i + count - 1) % count] || count == 1)
            ring[length++] = orders->locks[locks[i] - 1].id;
    if (!length)
        ring[length++] = orders->locks[locks[0] - 1].id;
    for (uint32_t i = 1; i < length; i++)
        if (ring[i] < ring[first])
            first = i;
    char *text = calloc(length + 1, 16), *at = text;
    for (uint32_t i = 0; i < length; i++)
        at += sprintf(at, "L%u ", ring[(first + i) % length]);
    free(ring);
    return text;
}

static void add(struct rings *rings, char *text) {
    char **more = realloc(rings->texts, (rings->count + 1) * sizeof *rings->texts);
    if (!more)
        abort();
    rings->texts = more;
    rings->texts[rings->count++] = text;
}

static const struct orders *replayed;

static void visit(void *context, const uint32_t *locks, uint32_t count) {
    add(context, text_of(replayed, locks, count));
}

static int missing(const char *path, const struct rings *from, const struct rings *in, const char *what) {
    int lost = 0;
    for (size_t i = 0; i < from->count; i++) {
        size_t k = 0;
        while (k < in->count && strcmp(from->texts[i], in->texts[k]) != 0)
            k++;
        if (k == in->count)
            printf("%s: only %s has the ring %s\n", path, what, from->texts[i]);
        lost |= k == in->count;
    }
    return lost;
}

static void release(struct rings *rings) {
    for (size_t i = 0; i < rings->count; i++)
        free(rings->texts[i]);
    free(rings->texts);
}

static int compare(const char *path) {
    struct orders orders;
    struct rings live = {0}, replay = {0};
    char error[256];
    if (orders_read(path, 0, 0, &orders, error, sizeof error) < 0) {
        printf("%s: %s\n", path, error);
        return 1;
    }
    replayed = &orders;
    for (size_t i = 0; i < orders.rings_count; i++)
        if (!orders.rings[i].happened)
            add(&live, text_of(&orders, orders.ring_locks + orders.rings[i].first, orders.rings[i].count));
    int failed = orders_replay(&orders, visit, &replay) != 0;
    failed |= missing(path, &live, &replay, "the library") | missing(path, &replay, &live, "the replay");
    if (!failed)
        printf("%s: %zu rings\n", path, live.count);
    release(&live);
    release(&replay);
    orders_free(&orders);
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= compare(argv[i]);
    return failed;
}
