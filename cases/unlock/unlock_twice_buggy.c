/* Unlocked twice: on an error the function unlocks, and so does the end that all paths share.
 *
 * The second unlock is of a mutex that nobody holds; had another thread taken it in between, it would be
 * unlocked under that thread's hands.
 *
 * EXPECT gordian: misuse.unlock_unlocked file_lock
 * EXPECT tsan: unlock-unlocked
 * CWE: 765
 */
#include <pthread.h>

static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static int bytes_written;

static int write_bytes(int count) {
    int result = -1;
    pthread_mutex_lock(&file_lock);
    if (count < 0) {
        pthread_mutex_unlock(&file_lock);
        goto out;
    }
    bytes_written += count;
    result = 0;
out:
    pthread_mutex_unlock(&file_lock); /* REPORTED */
    return result;
}

static void *write_some(void *unused) {
    write_bytes(5);
    write_bytes(-1);
    return unused;
}

int main(void) {
    pthread_t writer;
    pthread_create(&writer, NULL, write_some, NULL);
    pthread_join(writer, NULL);
    return bytes_written == 5 ? 0 : 1;
}
