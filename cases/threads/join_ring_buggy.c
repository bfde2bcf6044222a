/* A ring of joins: each of three stages waits for the end of the next, and the last for the first.
 *
 * "Finish after the one behind me" was written as a join in every stage, and the stages form a circle. No
 * lock is involved. ThreadSanitizer does not watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=join
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { ALL_EXIST };

static pthread_t reader, parser, writer;

static void *read_input(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_join(parser, NULL); /* REPORTED */
    return unused;
}

static void *parse(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_join(writer, NULL); /* REPORTED */
    return unused;
}

static void *write_output(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_join(reader, NULL); /* REPORTED */
    return unused;
}

int main(void) {
    pthread_create(&reader, NULL, read_input, NULL);
    pthread_create(&parser, NULL, parse, NULL);
    pthread_create(&writer, NULL, write_output, NULL);
    schedule_reach(ALL_EXIST);
    pause();
    return 0;
}
