/* flockfile and its kind. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

/* libc has the same under these names, as old programs know them. */
extern void _IO_flockfile(FILE *);
extern int _IO_ftrylockfile(FILE *);
extern void _IO_funlockfile(FILE *);

static FILE *stream;

static int lock(void) {
    flockfile(stream);
    return 0;
}

static int unlock(void) {
    funlockfile(stream);
    return 0;
}

static int lock_and_unlock(void) {
    flockfile(stream);
    funlockfile(stream);
    return 0;
}

static int write_a_byte(void) {
    return putc('x', stream) == 'x' ? 0 : EIO;
}

static void *try_it(void *unused) {
    TAKE(ftrylockfile(stream), unlock());
    return unused;
}

static void try_in_the_child(void) {
    try_it(NULL);
}

static void uses(void) {
    try_it(NULL);
    conformance_elsewhere(try_it, NULL);
    TELL(lock());
    TELL(write_a_byte());
    conformance_elsewhere(try_it, NULL);
    /* Recursive: each lock has its unlock. */
    TELL(ftrylockfile(stream));
    TELL(lock());
    TELL(unlock());
    conformance_elsewhere(try_it, NULL);
    TELL(unlock());
    conformance_elsewhere(try_it, NULL);
    TELL(unlock());
    conformance_elsewhere(try_it, NULL);
}

static void blocking(void) {
    TELL(lock());
    BLOCKS(lock_and_unlock, unlock);
    TELL(lock());
    BLOCKS(write_a_byte, unlock);
    TELL(ftrylockfile(stream));
    BLOCKS(lock_and_unlock, unlock);
    conformance_interrupt(false);
    conformance_hold(lock, unlock);
    conformance_let_go_after_signals();
    TELL(lock_and_unlock());
    conformance_held();
    conformance_interrupt_no_more();
}

static int lock_by_old_name(void) {
    _IO_flockfile(stream);
    return 0;
}

static int unlock_by_old_name(void) {
    _IO_funlockfile(stream);
    return 0;
}

static void old_names(void) {
    TELL(lock_by_old_name());
    conformance_elsewhere(try_it, NULL);
    BLOCKS(lock_and_unlock, unlock_by_old_name);
    TAKE(_IO_ftrylockfile(stream), unlock_by_old_name());
    conformance_elsewhere(try_it, NULL);
}

enum { THREADS = 3, LINES = 300 };

/* What is written under the lock stays together. */
static void *write_lines(void *letter) {
    for (int i = 0; i < LINES; i++) {
        flockfile(stream);
        for (int j = 0; j < 10; j++)
            putc(*(char *)letter, stream);
        putc('\n', stream);
        funlockfile(stream);
    }
    return letter;
}

static void many(void) {
    static char letters[] = "abc";
    pthread_t threads[THREADS];
    char line[64];
    int whole = 0, lines = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_lines, &letters[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fseek(stream, 0, SEEK_SET);
    while (fgets(line, sizeof line, stream)) {
        lines++;
        whole += strlen(line) == 11 && strspn(line, (char[]){line[0], '\0'}) == 10;
    }
    printf("%d lines, %d whole\n", lines, whole);
}

void conformance_streams(void) {
    stream = tmpfile();
    if (!stream)
        return;
    conformance_stage_is("stream");
    uses();
    blocking();
    old_names();
    fseek(stream, 0, SEEK_SET);
    many();
    conformance_stage_is("in a child");
    TELL(lock());
    conformance_in_child(try_in_the_child);
    TELL(unlock());
    conformance_in_child(try_in_the_child);
    fclose(stream);
    /* Made again, probably at the same address. */
    conformance_stage_is("another stream");
    stream = tmpfile();
    uses();
    fclose(stream);
    conformance_stage_is("standard output");
    stream = stdout;
    lock();
    TELL(ftrylockfile(stream));
    unlock();
    unlock();
}
