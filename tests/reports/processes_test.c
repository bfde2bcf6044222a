#define _GNU_SOURCE
#include "reports/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

/* ---- children, which map a file and wait to be ended ---- */

static const char *file_of_test(const char *name) {
    static char path[256];
    const char *directory = getenv("TEST_TMPDIR");
    snprintf(path, sizeof path, "%s/%s", directory ? directory : "/tmp", name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
    close(fd);
    return path;
}

static void *map(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at;
}

struct child {
    pid_t pid;
    int ready; /* a pipe's end: what the child wrote */
};

/* Start a process that does `begin`, writes a byte and waits to be killed. */
static struct child start(void (*begin)(const char *path, int ready), const char *path) {
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    struct child child = {.pid = fork(), .ready = ends[0]};
    if (child.pid == 0) {
        begin(path, ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    return child;
}

static uint32_t heard(const struct child *child) {
    uint32_t number = 0;
    CHECK_EQ(read(child->ready, &number, sizeof number), sizeof number);
    return number;
}

static void say(int ready, uint32_t number) {
    if (write(ready, &number, sizeof number) != sizeof number)
        _exit(1);
}

static void end(struct child *child) {
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->ready);
}

static void do_map(const char *path, int ready) {
    map(path);
    say(ready, 1);
}

static void do_nothing(const char *path, int ready) {
    (void)path;
    say(ready, 1);
}

static int state_of(const char *path, pid_t pid, uint32_t *seen) {
    return (int)processes_find(path, (uint32_t)pid, seen);
}

/* ---- who is there ---- */

TEST(a_process_is_there_while_it_maps_the_file) {
    const char *path = file_of_test("processes_test.rec");
    uint32_t seen = 0;
    struct child mapper = start(do_map, path), other = start(do_nothing, path);
    heard(&mapper);
    heard(&other);
    CHECK_EQ(state_of(path, mapper.pid, &seen), PROCESSES_THERE);
    CHECK_EQ(seen, mapper.pid);
    CHECK_EQ(state_of(path, other.pid, &seen), PROCESSES_GONE); /* its number is another's by now */
    CHECK(processes_has_thread((uint32_t)mapper.pid, (uint32_t)mapper.pid));
    CHECK(!processes_has_thread((uint32_t)mapper.pid, (uint32_t)other.pid));
    kill(mapper.pid, SIGKILL);
    siginfo_t about;
    CHECK_EQ(waitid(P_PID, (id_t)mapper.pid, &about, WEXITED | WNOWAIT), 0);
    CHECK_EQ(state_of(path, mapper.pid, &seen), PROCESSES_GONE); /* not yet waited for */
    end(&mapper);
    CHECK_EQ(state_of(path, mapper.pid, &seen), PROCESSES_GONE);
    end(&other);
    CHECK_EQ(state_of(path, 0x7ffffffe, &seen), PROCESSES_GONE);
}

TEST(a_file_of_that_name_that_is_another_is_not_it) {
    char moved[300];
    uint32_t seen;
    const char *path = file_of_test("processes_test.rec");
    snprintf(moved, sizeof moved, "%s.moved.rec", path);
    struct child mapper = start(do_map, path);
    heard(&mapper);
    CHECK_EQ(rename(path, moved), 0);
    file_of_test("processes_test.rec");
    CHECK_EQ(state_of(path, mapper.pid, &seen), PROCESSES_GONE);
    CHECK_EQ(state_of(moved, mapper.pid, &seen), PROCESSES_THERE);
    unlink(moved);
    end(&mapper);
}

static int last_ready;

static void *outlive(void *first) {
    pthread_join(*(pthread_t *)first, NULL);
    say(last_ready, 1);
    pause();
    return NULL;
}

static void do_end_first_thread(const char *path, int ready) {
    static pthread_t first, second;
    map(path);
    last_ready = ready;
    first = pthread_self();
    pthread_create(&second, NULL, outlive, &first);
    pthread_exit(NULL);
}

TEST(a_process_without_its_first_thread_is_there) {
    const char *path = file_of_test("processes_test.rec");
    uint32_t seen = 0;
    struct child child = start(do_end_first_thread, path);
    heard(&child);
    CHECK_EQ(state_of(path, child.pid, &seen), PROCESSES_THERE);
    end(&child);
    CHECK_EQ(state_of(path, child.pid, &seen), PROCESSES_GONE);
}

/* Make a pid namespace, and in it a process. What we may do decides how. */
static void do_go_inside(const char *path, int ready) {
    if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
        _exit(1);
    pid_t inner = fork();
    if (inner == 0) {
        map(path);
        say(ready, (uint32_t)getpid());
        for (;;)
            pause();
    }
}

TEST(a_process_in_another_pid_namespace_is_found_by_its_own_number) {
    const char *path = file_of_test("processes_test.rec");
    uint32_t seen = 0;
    struct child outer = start(do_go_inside, path);
    uint32_t own = heard(&outer);
    CHECK_EQ(own, 1);
    CHECK_EQ(state_of(path, (pid_t)own, &seen), PROCESSES_THERE);
    CHECK(seen != own && seen != (uint32_t)outer.pid);
    kill((pid_t)seen, SIGKILL);
    end(&outer);
}

/* ---- what is mapped ---- */

TEST(places_in_shared_mappings) {
    struct processes_place one = {0}, other = {0};
    uint32_t own = (uint32_t)getpid();
    char *anonymous = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK_EQ(processes_shared(own, (uintptr_t)anonymous + 4096 + 8, &one), 0);
    CHECK(one.inode != 0);
    CHECK_EQ(one.offset, 4096 + 8);
    char *next = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK_EQ(processes_shared(own, (uintptr_t)next, &other), 0);
    CHECK_EQ(other.device, one.device);
    CHECK(other.inode != one.inode);
    munmap(anonymous, 8192);
    munmap(next, 4096);

    int segment = shmget(IPC_PRIVATE, 4096, 0600);
    char *attached = shmat(segment, NULL, 0);
    shmctl(segment, IPC_RMID, NULL);
    CHECK_EQ(processes_shared(own, (uintptr_t)attached, &other), 0);
    CHECK_EQ(other.inode, segment + 1); /* the first one of a namespace is number 0 */
    CHECK(other.device >> 63 == 1);     /* numbered apart from files */
    shmdt(attached);
}

TEST(places_that_are_nobody_elses) {
    static int variable = 1; /* in a mapping of the program, a private one */
    struct processes_place place;
    uint32_t own = (uint32_t)getpid();
    CHECK_EQ(processes_shared(own, (uintptr_t)&variable, &place), -ENOENT);
    CHECK_EQ(processes_shared(own, (uintptr_t)&place, &place), -ENOENT);
    CHECK_EQ(processes_shared(own, 8, &place), -ENOENT);
    CHECK(processes_shared(0x7ffffffe, 8, &place) < 0);
}

CHECK_MAIN
