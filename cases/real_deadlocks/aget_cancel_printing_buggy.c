/* aget: a thread is cancelled while it prints, and takes the lock of the screen with it.
 *
 * A thread downloads and shows its progress; writing is a place where it can be cancelled. The user
 * interrupts, the first thread cancels the download in the middle of a line and wants to say that the rest is
 * saved. Nobody will ever give the lock back. In aget the lock is the one inside stdio, which no preloaded
 * tool can see; here it is the program's own. ThreadSanitizer does not watch threads that wait.
 *
 * EXPECT gordian: deadlock.actual shape=orphaned screen_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&screen_lock); /* REPORTED */
    schedule_reach(PRINTING);
    for (size_t i = 0; i < strlen(line); i++)
        if (write(STDOUT_FILENO, line + i, 1) == 1)
            usleep(1000); /* a slow screen */
    pthread_mutex_unlock(&screen_lock);
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
