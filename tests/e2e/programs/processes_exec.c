/* A deadlock between two programs that map the same shared memory object, at different addresses:
 * processes_exec two_orders|one_order
 *
 * The first one makes the object and executes itself anew for the second. two_orders never ends by itself.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE 4096 /* of the locks in the object: not its beginning */

struct shared {
    pthread_mutex_t accounts, journal;
};

static int to_second[2], to_first[2];

static void tell(int fd) {
    if (write(fd, "!", 1) != 1)
        abort();
}

static void await(int fd) {
    char byte;
    if (readv(fd, &(struct iovec){&byte, 1}, 1) != 1)
        abort();
}

static struct shared *map(int object) {
    return mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, object, PLACE);
}

static void make_locks(struct shared *shared) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->accounts, &attributes);
    pthread_mutex_init(&shared->journal, &attributes);
}

static int descriptor(const char *text) {
    return (int)strtol(text, NULL, 10);
}

/* The second program: its descriptors are on its command line. */
static int second(char **argv) {
    int object = descriptor(argv[2]), from = descriptor(argv[3]), to = descriptor(argv[4]);
    /* So that addresses differ. */
    if (mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return 2;
    struct shared *shared = map(object);
    if (strcmp(argv[1], "one_order") == 0) {
        pthread_mutex_lock(&shared->accounts);
        pthread_mutex_lock(&shared->journal);
        pthread_mutex_unlock(&shared->journal);
        pthread_mutex_unlock(&shared->accounts);
        return 0;
    }
    pthread_mutex_lock(&shared->journal); /* REPORTED */
    tell(to);
    await(from);
    pthread_mutex_lock(&shared->accounts); /* REPORTED */
    return 0;
}

static pid_t start_second(char **argv, int object) {
    char texts[3][16];
    snprintf(texts[0], sizeof texts[0], "%d", object);
    snprintf(texts[1], sizeof texts[1], "%d", to_second[0]);
    snprintf(texts[2], sizeof texts[2], "%d", to_first[1]);
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", argv[0], argv[1], texts[0], texts[1], texts[2], (char *)NULL);
        _exit(127);
    }
    return child;
}

static int first(char **argv) {
    char name[64];
    snprintf(name, sizeof name, "/gordian-processes-%d", (int)getpid());
    int object = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    shm_unlink(name);
    fcntl(object, F_SETFD, 0);
    if (object < 0 || ftruncate(object, PLACE + (off_t)sizeof(struct shared)) < 0 || pipe(to_second) < 0 ||
        pipe(to_first) < 0)
        return 2;
    struct shared *shared = map(object);
    make_locks(shared);
    pthread_mutex_lock(&shared->accounts); /* REPORTED */
    pid_t child = start_second(argv, object);
    if (strcmp(argv[1], "two_orders") == 0) {
        tell(to_second[1]);
        await(to_first[0]);
    }
    pthread_mutex_lock(&shared->journal); /* REPORTED */
    pthread_mutex_unlock(&shared->journal);
    pthread_mutex_unlock(&shared->accounts);
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv) {
    return argc == 5 ? second(argv) : argc == 2 ? first(argv) : 2;
}
