/* A light program for the test of the heavy ones' harness: light WHAT [PORT]
 *
 *   locks      takes a lock, prints "done"
 *   orders     takes two locks in both orders, one thread after the other: a potential deadlock
 *   no_locks   prints "done", and nothing else
 *   differs    takes a lock, prints something else when it is watched
 *   fails      takes a lock, ends with 3 when it is watched
 *   hangs      takes a lock, sleeps for long when it is watched
 *   leaves     takes a lock, leaves a process of another session behind when it is watched
 *   serve      takes a lock, listens on the PORT until SIGTERM, then ends with 0
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static int first_done;

static void *left_right(void *unused) {
    take_both(&left, &right);
    __atomic_store_n(&first_done, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *right_left(void *unused) {
    while (!__atomic_load_n(&first_done, __ATOMIC_RELAXED))
        usleep(100);
    take_both(&right, &left);
    return unused;
}

static void two_orders(void) {
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, left_right, NULL);
    pthread_create(&threads[1], NULL, right_left, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static int serve(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    sigset_t term;
    int number, listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 8) != 0)
        return 4;
    return sigwait(&term, &number);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int watched = getenv("GORDIAN_OPTIONS") != NULL;
    if (strcmp(what, "no_locks") != 0)
        take_both(&left, &right);
    if (strcmp(what, "orders") == 0)
        two_orders();
    if (strcmp(what, "serve") == 0)
        return serve(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0);
    if (strcmp(what, "leaves") == 0 && watched && fork() == 0) {
        setsid();
        fclose(stdout);
        fclose(stderr);
        sleep(60);
    }
    if (strcmp(what, "hangs") == 0 && watched)
        sleep(60);
    puts(strcmp(what, "differs") == 0 && watched ? "otherwise" : "done");
    return strcmp(what, "fails") == 0 && watched ? 3 : 0;
}
