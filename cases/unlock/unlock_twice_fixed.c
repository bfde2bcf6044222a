/* Unlocked twice, fixed: the end that all paths share unlocks, and nobody else.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 765
 */
#include <pthread.h>

static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static int bytes_written;

static int write_bytes(int count) {
    int result = -1;
    pthread_mutex_lock(&file_lock);
    if (count < 0) {
        goto out;
    }
    bytes_written += count;
    result = 0;
out:
    pthread_mutex_unlock(&file_lock);
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
