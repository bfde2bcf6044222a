/* Items that make processes, and plug-ins that come and go. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/torture/machine.h"

extern char **environ;

/* ---- a process of its own ---- */

static struct any_lock child_locks[4];

static void *child_thread(void *argument) {
    struct dice dice = {(uintptr_t)argument};
    for (int round = 0; round < 20; round++) {
        uint32_t low = dice_throw(&dice, 3), high = low + 1 + dice_throw(&dice, 3 - low);
        any_lock_take(&child_locks[low], false, &dice);
        any_lock_take(&child_locks[high], false, &dice);
        child_locks[high].counter++;
        any_lock_release(&child_locks[high]);
        any_lock_release(&child_locks[low]);
    }
    return NULL;
}

/* What a child does, with locks of its own: others may be held by threads that it does not have. Returns its
 * exit status. */
static int child_work(uint32_t seed) {
    struct dice dice = {seed};
    pthread_t threads[2];
    long counted = 0;
    for (int i = 0; i < 4; i++)
        any_lock_init(&child_locks[i], (enum any_lock_kind)dice_throw(&dice, ANY_SPIN));
    for (uintptr_t i = 0; i < 2; i++)
        any_lock_must(pthread_create(&threads[i], NULL, child_thread, (void *)(seed + i)), "pthread_create");
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++)
        counted += child_locks[i].counter;
    return counted == 40 ? (int)(seed % 50) + 10 : 1;
}

void machine_helper(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "child") == 0)
        exit(child_work((uint32_t)strtoul(argv[2], NULL, 10)));
}

static int status_of(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        any_lock_must(errno == EINTR ? 0 : errno, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void act_fork(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    uint32_t way = dice_throw(dice, 5), seed = dice_throw(dice, 1000);
    char number[16];
    pid_t pid;
    snprintf(number, sizeof number, "%u", seed);
    char *command[] = {(char *)worker->machine->self, "child", number, NULL};
    switch (way) {
    case 0:
        pid = vfork();
        if (pid == 0) {
            execv(command[0], command);
            _exit(2);
        }
        break;
    case 1:
        any_lock_must(posix_spawn(&pid, command[0], NULL, NULL, command, environ), "posix_spawn");
        break;
    case 2:
        pid = fork();
        if (pid == 0) {
            execv(command[0], command);
            _exit(2);
        }
        break;
    case 3:
        pid = _Fork();
        if (pid == 0)
            _exit((int)(seed % 50) + 10);
        break;
    default:
        pid = fork();
        if (pid == 0)
            _exit(child_work(seed));
    }
    any_lock_must(pid < 0 ? errno : 0, "a fork");
    worker->sum += (uint64_t)status_of(pid);
}

/* ---- a lock between processes ---- */

static void count_up(struct any_lock *lock) {
    for (int i = 0; i < 50; i++) {
        any_lock_take_plainly(lock, false);
        lock->counter++;
        any_lock_release(lock);
    }
}

void act_shared(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item, (void)dice;
    struct any_lock *lock =
        mmap(NULL, sizeof *lock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    any_lock_must(lock == MAP_FAILED ? errno : 0, "mmap");
    any_lock_init(lock, ANY_MUTEX_SHARED);
    pid_t pid = fork();
    any_lock_must(pid < 0 ? errno : 0, "fork");
    count_up(lock);
    if (pid == 0)
        _exit(0);
    worker->sum += (uint64_t)status_of(pid) + (uint64_t)lock->counter;
    any_lock_destroy(lock);
    munmap(lock, sizeof *lock);
}

/* ---- plug-ins ---- */

void act_plugin(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    char path[4096];
    const char *slash = strrchr(worker->machine->self, '/');
    int folder = slash ? (int)(slash - worker->machine->self) : 1;
    snprintf(path, sizeof path, "%.*s/libtorture_plugin.so", folder, slash ? worker->machine->self : ".");
    void *plugin = dlopen(path, dice_throw(dice, 2) ? RTLD_NOW : RTLD_LAZY);
    if (!plugin) {
        fprintf(stderr, "torture: %s\n", dlerror());
        _exit(3);
    }
    unsigned (*use)(unsigned) = (unsigned (*)(unsigned))dlsym(plugin, "plugin_use");
    worker->sum += use ? use(dice_throw(dice, 10)) : 1000;
    if (dice_throw(dice, 4) != 0)
        dlclose(plugin);
}
