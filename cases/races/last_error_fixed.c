/* One last error for all threads, fixed: the variable is thread-local, so each thread has its own. It needs
 * no lock, because nobody else can see it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 567
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READ_FAILED, WRITE_FAILED };
enum reason { NO_ERROR, NO_SUCH_FILE, DISK_FULL };

static _Thread_local enum reason last_error;

static bool fail(enum reason reason) {
    last_error = reason;
    return false;
}

static void *read_file(void *told) {
    if (!fail(NO_SUCH_FILE)) {
        schedule_reach(READ_FAILED);
        schedule_wait(WRITE_FAILED);
        *(enum reason *)told = last_error;
    }
    return NULL;
}

static void *write_file(void *told) {
    schedule_wait(READ_FAILED);
    if (!fail(DISK_FULL)) {
        schedule_reach(WRITE_FAILED);
        *(enum reason *)told = last_error;
    }
    return NULL;
}

int main(void) {
    enum reason reader_told = NO_ERROR, writer_told = NO_ERROR;
    pthread_t reader, writer;
    pthread_create(&reader, NULL, read_file, &reader_told);
    pthread_create(&writer, NULL, write_file, &writer_told);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    printf("the reader was told %d, the writer %d\n", reader_told, writer_told);
    return reader_told == NO_SUCH_FILE && writer_told == DISK_FULL ? 0 : 1;
}
