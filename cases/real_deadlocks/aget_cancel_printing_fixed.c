/* aget: a thread is cancelled while it prints, fixed: whoever has the lock of the screen cannot be cancelled.
 * The download asks whether it is cancelled between two lines.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 667
 * Source: aget, cancelling the download threads
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { PRINTING };

static pthread_mutex_t screen_lock = PTHREAD_MUTEX_INITIALIZER;

static void print(const char *line) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_mutex_lock(&screen_lock);
    schedule_reach(PRINTING);
    for (size_t i = 0; i < strlen(line); i++)
        if (write(STDOUT_FILENO, line + i, 1) == 1)
            usleep(1000); /* a slow screen */
    pthread_mutex_unlock(&screen_lock);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
}

static void *download(void *unused) {
    for (;;) {
        print("downloading ...\n");
        pthread_testcancel();
    }
    return unused;
}

int main(void) {
    pthread_t downloader;
    pthread_create(&downloader, NULL, download, NULL);
    schedule_wait(PRINTING);
    pthread_cancel(downloader);
    pthread_join(downloader, NULL);
    print("saved\n");
    return 0;
}
