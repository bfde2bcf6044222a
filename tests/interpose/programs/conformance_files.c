/* flock, lockf, and fcntl with all that it is for besides locks. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

extern int __fcntl(int, int, ...);

/* Two opens of one file: flock and F_OFD_* know them as two owners. */
static char path[64];
static int file, twin;
enum { NO_FILE = 999 };

static int open_it(void) {
    return open(path, O_RDWR | O_CLOEXEC);
}

/* ---- flock ---- */

static int lock_file(void) {
    return flock(file, LOCK_EX) == 0 ? 0 : errno;
}

static int unlock_file(void) {
    return flock(file, LOCK_UN) == 0 ? 0 : errno;
}

static int lock_twin_and_unlock(void) {
    return flock(twin, LOCK_EX) == 0 && flock(twin, LOCK_UN) == 0 ? 0 : errno;
}

static int share_twin_and_unlock(void) {
    return flock(twin, LOCK_SH) == 0 && flock(twin, LOCK_UN) == 0 ? 0 : errno;
}

static void *try_twin(void *unused) {
    TELL_ERRNO(flock(twin, LOCK_SH | LOCK_NB));
    TELL_ERRNO(flock(twin, LOCK_EX | LOCK_NB));
    TELL_ERRNO(flock(twin, LOCK_UN));
    return unused;
}

static void flocks(void) {
    conformance_stage_is("flock");
    try_twin(NULL);
    TELL_ERRNO(flock(file, LOCK_SH));
    try_twin(NULL);
    TELL_ERRNO(flock(file, LOCK_EX));
    TELL_ERRNO(flock(file, LOCK_EX | LOCK_NB));
    conformance_elsewhere(try_twin, NULL);
    TELL_ERRNO(flock(file, LOCK_UN));
    TELL_ERRNO(flock(file, LOCK_UN));
    TELL_ERRNO(flock(file, 0));
    TELL_ERRNO(flock(file, 16));
    TELL_ERRNO(flock(-1, LOCK_EX));
    TELL(lock_file());
    BLOCKS(lock_twin_and_unlock, unlock_file);
    TELL(lock_file());
    BLOCKS(share_twin_and_unlock, unlock_file);
    TELL_ERRNO(flock(file, LOCK_SH));
    TELL(share_twin_and_unlock());
    BLOCKS(lock_twin_and_unlock, unlock_file);
    /* Closed with the lock held. */
    int third = open_it();
    TELL_ERRNO(flock(third, LOCK_EX));
    try_twin(NULL);
    close(third);
    try_twin(NULL);
}

static void interrupted_flocks(void) {
    conformance_stage_is("interrupted flock");
    TELL(lock_file());
    conformance_interrupt(false);
    TELL_ERRNO(flock(twin, LOCK_EX));
    TELL_ERRNO(flock(twin, LOCK_SH));
    conformance_interrupt_no_more();
    TELL(unlock_file());
    conformance_interrupt(true);
    conformance_hold(lock_file, unlock_file);
    conformance_let_go_after_signals();
    TELL(lock_twin_and_unlock());
    conformance_held();
    conformance_interrupt_no_more();
}

/* ---- locks of ranges, through fcntl ---- */

static int range_on(int descriptor, int command, int type, off_t start, off_t length) {
    struct flock range = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(descriptor, command, &range);
}

static void ask(int descriptor, int command, int type, off_t start, off_t length) {
    struct flock range = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    TELL_ERRNO(fcntl(descriptor, command, &range));
    printf("type %d, start %d, length %d, pid %s\n", range.l_type, (int)range.l_start, (int)range.l_len,
           range.l_pid == getppid() ? "parent" : (range.l_pid <= 0 ? "none" : "other"));
}

static void ask_in_the_child(void) {
    ask(twin, F_GETLK, F_WRLCK, 0, 100);
    ask(twin, F_GETLK, F_RDLCK, 0, 100);
    ask(twin, F_GETLK, F_WRLCK, 50, 10);
    TELL_ERRNO(range_on(twin, F_SETLK, F_WRLCK, 0, 100));
    TELL_ERRNO(range_on(twin, F_SETLK, F_RDLCK, 0, 100));
    TELL_ERRNO(range_on(twin, F_SETLK, F_WRLCK, 50, 10));
    TELL_ERRNO(range_on(twin, F_SETLK, F_UNLCK, 50, 10));
    conformance_interrupt(false);
    TELL_ERRNO(range_on(twin, F_SETLKW, F_WRLCK, 0, 100));
    conformance_interrupt_no_more();
    TELL_ERRNO(lockf(twin, F_TEST, 20));
    TELL_ERRNO(lockf(twin, F_TLOCK, 20));
}

static void ranges(void) {
    conformance_stage_is("ranges of a process");
    TELL_ERRNO(range_on(file, F_SETLK, F_WRLCK, 10, 10));
    TELL_ERRNO(range_on(twin, F_SETLK, F_WRLCK, 10, 10));
    conformance_in_child(ask_in_the_child);
    TELL_ERRNO(range_on(file, F_SETLK, F_RDLCK, 10, 10));
    conformance_in_child(ask_in_the_child);
    TELL_ERRNO(range_on(file, F_SETLK, F_UNLCK, 0, 0));
    conformance_in_child(ask_in_the_child);
    TELL_ERRNO(range_on(file, F_SETLK, 4711, 0, 0));
    TELL_ERRNO(range_on(file, F_SETLK, F_WRLCK, -1, 0));
    TELL_ERRNO(range_on(-1, F_SETLK, F_WRLCK, 0, 0));
    TELL_ERRNO(range_on(-1, F_SETLKW, F_WRLCK, 0, 0));
    TELL_ERRNO(fcntl(file, F_SETLK, NULL));
    TELL_ERRNO(fcntl(file, F_SETLKW, NULL));
    TELL_ERRNO(fcntl(file, F_GETLK, NULL));
}

static int take_range_of(int descriptor) {
    return range_on(descriptor, F_OFD_SETLKW, F_WRLCK, 0, 0) == 0 ? 0 : errno;
}

static int free_range_of(int descriptor) {
    return range_on(descriptor, F_OFD_SETLKW, F_UNLCK, 0, 0) == 0 ? 0 : errno;
}

static int take_range(void) {
    return take_range_of(file);
}

static int free_range(void) {
    return free_range_of(file);
}

static int take_and_free_twin(void) {
    int result = take_range_of(twin);
    return result != 0 ? result : free_range_of(twin);
}

static void ranges_of_open_files(void) {
    struct flock with_pid = {.l_type = F_WRLCK, .l_pid = 1};
    conformance_stage_is("ranges of an open file");
    TELL_ERRNO(range_on(file, F_OFD_SETLK, F_WRLCK, 10, 10));
    TELL_ERRNO(range_on(twin, F_OFD_SETLK, F_WRLCK, 15, 10));
    TELL_ERRNO(range_on(twin, F_OFD_SETLK, F_WRLCK, 20, 10));
    ask(twin, F_OFD_GETLK, F_RDLCK, 0, 0);
    ask(file, F_OFD_GETLK, F_RDLCK, 0, 0);
    ask(twin, F_GETLK, F_RDLCK, 0, 0);
    TELL_ERRNO(fcntl(file, F_OFD_SETLK, &with_pid));
    TELL_ERRNO(fcntl(file, F_OFD_SETLKW, &with_pid));
    TELL_ERRNO(free_range_of(file));
    TELL_ERRNO(free_range_of(twin));
    TELL(take_range());
    BLOCKS(take_and_free_twin, free_range);
    TELL(take_range());
    conformance_interrupt(false);
    TELL_ERRNO(range_on(twin, F_OFD_SETLKW, F_WRLCK, 0, 0));
    conformance_interrupt_no_more();
    TELL(free_range());
}

/* Each of two processes has a range and wants the other's: the kernel refuses one of them. */
static int want(off_t start) {
    int result = range_on(file, F_SETLKW, F_WRLCK, start, 1) == 0 ? 0 : errno;
    range_on(file, F_SETLK, F_UNLCK, 0, 0);
    return result;
}

static void refused_cycle(void) {
    int ready[2], status = -1;
    char byte = 0;
    conformance_stage_is("cycle");
    TELL_ERRNO(range_on(file, F_SETLK, F_WRLCK, 0, 1));
    if (pipe(ready) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        range_on(file, F_SETLK, F_WRLCK, 1, 1);
        if (write(ready[1], &byte, 1) != 1)
            _exit(255);
        _exit(want(0));
    }
    if (read(ready[0], &byte, 1) != 1)
        puts("no child");
    conformance_until_asleep(child);
    int own = want(1);
    waitpid(child, &status, 0);
    printf("one was refused: %d\n", own + WEXITSTATUS(status) == EDEADLK);
    close(ready[0]);
    close(ready[1]);
}

/* ---- lockf ---- */

static void try_lockf(void) {
    TELL_ERRNO(lockf(twin, F_TEST, 10));
    TELL_ERRNO(lockf(twin, F_TLOCK, 10));
    TELL_ERRNO(lockf64(twin, F_TEST, 10));
    TELL_ERRNO(lockf64(twin, F_TLOCK, 10));
    conformance_interrupt(false);
    TELL_ERRNO(lockf(twin, F_LOCK, 10));
    conformance_interrupt_no_more();
    TELL_ERRNO(lockf(twin, F_ULOCK, 10));
}

static void lockfs(void) {
    conformance_stage_is("lockf");
    TELL_ERRNO(lockf(file, F_LOCK, 10));
    TELL_ERRNO(lockf(file, F_TEST, 10));
    TELL_ERRNO(lockf(file, F_TLOCK, 0));
    conformance_in_child(try_lockf);
    TELL_ERRNO(lockf(file, F_ULOCK, 0));
    conformance_in_child(try_lockf);
    TELL_ERRNO(lockf64(file, F_LOCK, 10));
    conformance_in_child(try_lockf);
    TELL_ERRNO(lockf64(file, F_ULOCK, 0));
    TELL_ERRNO(lockf(file, 4711, 0));
    TELL_ERRNO(lockf(NO_FILE, F_LOCK, 0));
    TELL_ERRNO(lockf(NO_FILE, F_TLOCK, 0));
    TELL_ERRNO(lockf(NO_FILE, F_ULOCK, 0));
    TELL_ERRNO(lockf(NO_FILE, F_TEST, 0));
}

/* ---- what else fcntl does: no argument, numbers, negative numbers, pointers, results ---- */

static void plain_commands(int (*call)(int, int, ...)) {
    struct f_owner_ex owner = {.type = F_OWNER_PID, .pid = getpid()}, got = {0};
    uint64_t hint = 4711, got_hint = 0;
    TELL_ERRNO(call(file, F_GETFD));
    TELL_ERRNO(call(file, F_SETFD, 0));
    TELL_ERRNO(call(file, F_GETFD));
    TELL_ERRNO(call(file, F_SETFD, FD_CLOEXEC));
    TELL_ERRNO(call(file, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    TELL_ERRNO(call(file, F_SETFL, O_APPEND | O_NONBLOCK));
    TELL_ERRNO(call(file, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    TELL_ERRNO(call(file, F_SETFL, 0));
    TELL_ERRNO(call(file, F_DUPFD, 300));
    TELL_ERRNO(call(300, F_GETFD));
    TELL_ERRNO(call(file, F_DUPFD_CLOEXEC, 300));
    TELL_ERRNO(call(301, F_GETFD));
    TELL_ERRNO(call(file, F_DUPFD, -1));
    TELL_ERRNO(close(300) + close(301));
    TELL_ERRNO(call(file, F_SETOWN, getpid()));
    TELL_ERRNO(call(file, F_GETOWN) == getpid());
    TELL_ERRNO(call(file, F_SETOWN, -getpgrp()));
    TELL_ERRNO(call(file, F_GETOWN) == -getpgrp());
    TELL_ERRNO(call(file, F_SETOWN_EX, &owner));
    TELL_ERRNO(call(file, F_GETOWN_EX, &got));
    printf("owner %d %d\n", (int)got.type, got.pid == getpid());
    TELL_ERRNO(call(file, F_SETSIG, SIGUSR2));
    TELL_ERRNO(call(file, F_GETSIG) == SIGUSR2);
    TELL_ERRNO(call(file, F_SETSIG, 0));
    TELL_ERRNO(call(file, F_SETSIG, 4711));
    TELL_ERRNO(call(file, F_SET_RW_HINT, &hint));
    hint = RWH_WRITE_LIFE_SHORT;
    TELL_ERRNO(call(file, F_SET_RW_HINT, &hint));
    TELL_ERRNO(call(file, F_GET_RW_HINT, &got_hint));
    printf("hint %d\n", (int)got_hint);
    TELL_ERRNO(call(-1, F_GETFL));
    TELL_ERRNO(call(-1, F_DUPFD, 300));
    TELL_ERRNO(call(file, 4711, 0));
    TELL_ERRNO(call(file, -1));
}

static void other_commands(void) {
    int ends[2];
    if (pipe(ends) == 0) {
        TELL_ERRNO(fcntl(ends[0], F_GETPIPE_SZ));
        TELL_ERRNO(fcntl(ends[0], F_SETPIPE_SZ, 4096));
        TELL_ERRNO(fcntl(ends[1], F_GETPIPE_SZ));
        close(ends[0]);
        close(ends[1]);
    }
    int sealed = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    TELL_ERRNO(fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL));
    TELL_ERRNO(fcntl(sealed, F_GET_SEALS));
    TELL_ERRNO(fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW));
    close(sealed);
    TELL_ERRNO(fcntl(file, F_GETLEASE));
    TELL_ERRNO(fcntl64(file, F_GETLEASE));
}

void conformance_files(void) {
    snprintf(path, sizeof path, "/tmp/gordian-conformance-XXXXXX");
    file = mkostemp(path, O_CLOEXEC);
    twin = open_it();
    flocks();
    interrupted_flocks();
    ranges();
    ranges_of_open_files();
    refused_cycle();
    lockfs();
    conformance_stage_is("fcntl");
    plain_commands(fcntl);
    conformance_stage_is("fcntl64");
    plain_commands(fcntl64);
    conformance_stage_is("__fcntl");
    plain_commands(__fcntl);
    conformance_stage_is("fcntl");
    other_commands();
    unlink(path);
    close(file);
    close(twin);
}
