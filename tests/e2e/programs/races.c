/* Races, lock orders and endings, to be built with ThreadSanitizer. Each thread acts in its turn, which
 * orders it in time alone, and is there until all have acted: ThreadSanitizer forgets what a thread that has
 * ended did, and what was done before many other things, so waiting is not seen by it.
 *
 *   races CASE [NUMBER]
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
long balance; /* not static: the compiler would know its values */
static volatile int turn;

__attribute__((no_sanitize_thread)) static void wait_for(int wanted) {
    while (turn != wanted)
        usleep(1000);
}

__attribute__((no_sanitize_thread)) static void next(void) {
    turn++;
}

__attribute__((no_sanitize_thread)) static void restart(void) {
    turn = 0;
}

typedef void *body(void *);

/* Run the two in turns, one after the other. */
static void both(body *first, body *second, void *argument) {
    pthread_t threads[2];
    restart();
    pthread_create(&threads[0], NULL, first, argument);
    pthread_create(&threads[1], NULL, second, argument);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

static void *deposit(void *unused) {
    wait_for(0);
    balance = 80; /* REPORTED */
    next();
    wait_for(2);
    return unused;
}

static void *audit(void *unused) {
    wait_for(1);
    pthread_mutex_lock(&left);
    if (balance < 0) /* REPORTED */
        puts("overdrawn");
    pthread_mutex_unlock(&left);
    next();
    return unused;
}

static void *fill(void *block) {
    wait_for(0);
    ((int *)block)[2] = 7; /* REPORTED */
    next();
    wait_for(2);
    return NULL;
}

static void *empty(void *block) {
    wait_for(1);
    ((int *)block)[2] = 0; /* REPORTED */
    next();
    return NULL;
}

static void *forth(void *gated) {
    wait_for(0);
    if (gated)
        pthread_mutex_lock(&gate);
    pthread_mutex_lock(&left);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    pthread_mutex_unlock(&left);
    if (gated)
        pthread_mutex_unlock(&gate);
    next();
    wait_for(2);
    return NULL;
}

static void *back(void *gated) {
    wait_for(1);
    if (gated)
        pthread_mutex_lock(&gate);
    pthread_mutex_lock(&right);
    pthread_mutex_lock(&left);
    pthread_mutex_unlock(&left);
    pthread_mutex_unlock(&right);
    if (gated)
        pthread_mutex_unlock(&gate);
    next();
    return NULL;
}

static void heap(void) {
    void *block = calloc(10, sizeof(int)); /* ALLOCATED */
    both(fill, empty, block);
    free(block);
}

/* Two processes with the race each; the exit status says how they ended. */
static int children(void) {
    int sum = 0;
    for (int i = 0; i < 2; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            both(deposit, audit, NULL);
            _exit(3 + i);
        }
        waitpid(child, &status, 0);
        sum = sum * 10 + (WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    }
    return sum;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    if (strcmp(name, "none") == 0)
        return number;
    if (strcmp(name, "children") == 0)
        return children();
    if (strcmp(name, "orders") == 0) {
        both(forth, back, NULL);
    } else if (strcmp(name, "gated") == 0) {
        both(forth, back, &gate);
    } else if (strcmp(name, "heap") == 0) {
        heap();
    } else if (strcmp(name, "race_and_orders") == 0) {
        both(deposit, audit, NULL);
        both(forth, back, NULL);
    } else if (strcmp(name, "misuse") == 0) {
        pthread_mutex_lock(&left);
        pthread_mutex_unlock(&left);
        pthread_mutex_unlock(&left); /* REPORTED */
    } else {
        both(deposit, audit, NULL);
    }
    if (strcmp(name, "killed") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(name, "crash") == 0)
        *(volatile int *)8 = 1;
    if (strcmp(name, "waits") == 0)
        pause();
    return number;
}
