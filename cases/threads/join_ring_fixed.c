/* A ring of joins, fixed: the last stage waits for nobody. A chain has an end.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { ALL_EXIST };

static pthread_t reader, parser, writer;

static void *read_input(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_join(parser, NULL);
    return unused;
}

static void *parse(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_join(writer, NULL);
    return unused;
}

static void *write_output(void *unused) {
    schedule_wait(ALL_EXIST);
    return unused;
}

int main(void) {
    pthread_create(&reader, NULL, read_input, NULL);
    pthread_create(&parser, NULL, parse, NULL);
    pthread_create(&writer, NULL, write_output, NULL);
    schedule_reach(ALL_EXIST);
    pthread_join(reader, NULL);
    return 0;
}
