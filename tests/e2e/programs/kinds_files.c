/* Locks that are not called so: of streams (flockfile) and of files (flock, fcntl, lockf). */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/file.h>

#include "tests/e2e/programs/kinds.h"

static FILE *left, *right;
static int left_file, left_file_again, right_file, right_file_again;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static struct actor *partner;

/* ---- streams ---- */

static void open_streams(void) {
    left = fopen("/dev/null", "w");
    right = fopen("/dev/null", "w");
    REQUIRE(left && right);
}

static void close_streams(void) {
    fclose(left);
    fclose(right);
}

static void left_right(void) {
    flockfile(left);  /* REPORTED: holds stream */
    flockfile(right); /* REPORTED: wants stream */
    funlockfile(right);
    funlockfile(left);
}

static void right_left(void) {
    flockfile(right); /* REPORTED: holds stream */
    flockfile(left);  /* REPORTED: wants stream */
    funlockfile(left);
    funlockfile(right);
}

static void streams_in_turn(void) {
    open_streams();
    IN_TURNS(left_right, right_left);
    close_streams();
}

static void left_right_again(void) {
    left_right();
}

static void streams_same_order(void) {
    open_streams();
    IN_TURNS(left_right, left_right_again);
    close_streams();
}

static void left_try_right(void) {
    flockfile(left);
    REQUIRE(ftrylockfile(right) == 0);
    funlockfile(right);
    funlockfile(left);
}

static void streams_tried(void) {
    open_streams();
    IN_TURNS(left_try_right, right_left);
    close_streams();
}

static void left_then_right(void) {
    flockfile(left); /* REPORTED: holds stream */
    reach();
    await(2);
    flockfile(right); /* REPORTED: wants stream */
}

static void right_then_left(void) {
    flockfile(right); /* REPORTED: holds stream */
    reach();
    await(2);
    await_call(&partner->tid, SYS_futex, right->_lock, 16);
    flockfile(left); /* REPORTED: wants stream */
}

static void streams_live(void) {
    open_streams();
    partner = start(left_then_right);
    finish(start(right_then_left));
}

/* Printing and locking again inside is what flockfile is for. */
static void print_in_one_piece(void) {
    for (int i = 0; i < 100; i++) {
        flockfile(stdout);
        flockfile(stdout);
        fputs("one ", stdout);
        putc_unlocked('t', stdout);
        printf("wo\n");
        funlockfile(stdout);
        funlockfile(stdout);
    }
}

static void stream_nested(void) {
    struct actor *other = start(print_in_one_piece);
    print_in_one_piece();
    finish(other);
}

/* ---- files ---- */

static int open_twice(int *again) {
    char path[] = "/tmp/gordian-kinds-XXXXXX";
    int file = mkstemp(path);
    REQUIRE(file >= 0);
    *again = open(path, O_RDWR | O_CLOEXEC);
    REQUIRE(*again >= 0);
    unlink(path);
    return file;
}

static void open_files(void) {
    left_file = open_twice(&left_file_again);
    right_file = open_twice(&right_file_again);
}

static void file_left_right(void) {
    flock(left_file, LOCK_EX);  /* REPORTED: holds file */
    flock(right_file, LOCK_EX); /* REPORTED: wants file */
    flock(right_file, LOCK_UN);
    flock(left_file, LOCK_UN);
}

static void file_right_left(void) {
    flock(right_file_again, LOCK_EX); /* REPORTED: holds file */
    flock(left_file_again, LOCK_EX);  /* REPORTED: wants file */
    flock(left_file_again, LOCK_UN);
    flock(right_file_again, LOCK_UN);
}

static void files_in_turn(void) {
    open_files();
    IN_TURNS(file_left_right, file_right_left);
}

static void file_left_right_again(void) {
    flock(left_file_again, LOCK_EX);
    flock(right_file_again, LOCK_EX);
    flock(right_file_again, LOCK_UN);
    flock(left_file_again, LOCK_UN);
}

static void files_same_order(void) {
    open_files();
    IN_TURNS(file_left_right, file_left_right_again);
}

static void share_left_right(void) {
    flock(left_file, LOCK_SH);
    flock(right_file, LOCK_SH);
    flock(right_file, LOCK_UN);
    flock(left_file, LOCK_UN);
}

static void share_right_left(void) {
    flock(right_file_again, LOCK_SH);
    flock(left_file_again, LOCK_SH);
    flock(left_file_again, LOCK_UN);
    flock(right_file_again, LOCK_UN);
}

static void files_shared(void) {
    open_files();
    IN_TURNS(share_left_right, share_right_left);
}

static void file_left_try_right(void) {
    flock(left_file, LOCK_EX);
    REQUIRE(flock(right_file, LOCK_EX | LOCK_NB) == 0);
    REQUIRE(flock(right_file_again, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
    flock(right_file, LOCK_UN);
    flock(left_file, LOCK_UN);
}

static void files_tried(void) {
    open_files();
    IN_TURNS(file_left_try_right, file_right_left);
}

static void door_file(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    flock(left_file, LOCK_EX); /* REPORTED: wants file */
    flock(left_file, LOCK_UN);
    pthread_mutex_unlock(&door);
}

static void file_door(void) {
    flock(left_file_again, LOCK_EX); /* REPORTED: holds file */
    pthread_mutex_lock(&door);       /* REPORTED: wants door */
    pthread_mutex_unlock(&door);
    flock(left_file_again, LOCK_UN);
}

static void door_file_again(void) {
    door_file();
}

static void file_and_mutex_in_turn(void) {
    open_files();
    IN_TURNS(door_file, file_door);
}

static void file_and_mutex_same_order(void) {
    open_files();
    IN_TURNS(door_file, door_file_again);
}

static void door_then_file(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    reach();
    await(2);
    flock(left_file, LOCK_EX); /* REPORTED: wants file */
}

static void file_then_door(void) {
    flock(left_file_again, LOCK_EX); /* REPORTED: holds file */
    reach();
    await(2);
    await_call(&partner->tid, SYS_flock, (void *)(intptr_t)left_file, 1); // NOLINT(performance-no-int-to-ptr)
    pthread_mutex_lock(&door);                                            /* REPORTED: wants door */
}

static void file_and_mutex_live(void) {
    open_files();
    partner = start(door_then_file);
    finish(start(file_then_door));
}

static void lock_records(int file, int first, int second) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = 1};
    REQUIRE(fcntl(file, F_SETLKW, &lock) == 0);
    lock.l_start = second;
    REQUIRE(fcntl(file, F_SETLKW, &lock) == 0);
    lock.l_type = F_UNLCK;
    REQUIRE(fcntl(file, F_SETLK, &lock) == 0);
    lock.l_start = first;
    REQUIRE(fcntl(file, F_SETLK, &lock) == 0);
}

static void records_upwards(void) {
    lock_records(left_file, 0, 1);
    REQUIRE(lockf(left_file, F_LOCK, 1) == 0 && lockf(right_file, F_LOCK, 1) == 0);
    REQUIRE(lockf(right_file, F_ULOCK, 1) == 0 && lockf(left_file, F_ULOCK, 1) == 0);
}

static void records_downwards(void) {
    lock_records(left_file_again, 1, 0);
    REQUIRE(lockf(right_file, F_LOCK, 1) == 0 && lockf(left_file, F_LOCK, 1) == 0);
    REQUIRE(lockf(left_file, F_ULOCK, 1) == 0 && lockf(right_file, F_ULOCK, 1) == 0);
}

/* These are the process's: its threads do not exclude each other. */
static void records_of_one_process(void) {
    open_files();
    IN_TURNS(records_upwards, records_downwards);
}

static const struct scenario scenarios[] = {
    {"streams_in_turn", streams_in_turn},
    {"streams_same_order", streams_same_order},
    {"streams_tried", streams_tried},
    {"streams_live", streams_live},
    {"stream_nested", stream_nested},
    {"files_in_turn", files_in_turn},
    {"files_same_order", files_same_order},
    {"files_shared", files_shared},
    {"files_tried", files_tried},
    {"file_and_mutex_in_turn", file_and_mutex_in_turn},
    {"file_and_mutex_same_order", file_and_mutex_same_order},
    {"file_and_mutex_live", file_and_mutex_live},
    {"records_of_one_process", records_of_one_process},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
