/* cli/progress_line.c: one line on a terminal, after a second, and gone in the end. */
#define _GNU_SOURCE
#include "cli/progress_line.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "reports/progress.h"
#include "tests/check.h"
#include "tests/cli/scratch.h"

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int terminal, saved;

/* From here on stderr is a terminal of this width. */
static void terminal_begin(unsigned short columns) {
    terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    int other = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (other < 0)
        abort();
    CHECK(ioctl(other, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = columns}) == 0);
    saved = dup(STDERR_FILENO);
    dup2(other, STDERR_FILENO);
    close(other);
    setenv("TERM", "xterm", 1);
}

/* What was written to it since the last call. */
static const char *written(void) {
    static char text[4096];
    ssize_t size = read(terminal, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static void terminal_end(void) {
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(terminal);
}

TEST(it_comes_after_a_second_and_goes) {
    terminal_begin(80);
    progress_line_begin(false);
    progress_tell("reading a recording", 1, 4);
    CHECK_STR(written(), "");
    sleep_ms(1050);
    progress_tell("reading a recording", 2, 4);
    CHECK_STR(written(), "\r\033[Kgordian: reading a recording: 50 %");
    progress_tell("reading a recording", 3, 4);
    CHECK_STR(written(), ""); /* too soon after that */
    sleep_ms(110);
    progress_tell("joining lock orders", 4711, 0);
    CHECK_STR(written(), "\r\033[Kgordian: joining lock orders: 4711");
    progress_line_clear();
    CHECK_STR(written(), "\r\033[K");
    progress_line_clear();
    CHECK_STR(written(), "");
    sleep_ms(110);
    progress_tell("symbolising findings", 0, 4);
    CHECK_STR(written(), "\r\033[Kgordian: symbolising findings: 0 %");
    progress_line_end();
    CHECK_STR(written(), "\r\033[K");
    sleep_ms(110);
    progress_tell("symbolising findings", 1, 4);
    CHECK_STR(written(), "");
    terminal_end();
}

TEST(it_is_no_wider_than_the_terminal) {
    terminal_begin(20);
    progress_line_begin(false);
    sleep_ms(1050);
    progress_tell("reading a recording", 2, 4);
    CHECK_STR(written(), "\r\033[Kgordian: reading a ");
    progress_line_end();
    terminal_end();
}

TEST(quiet_dumb_or_no_terminal_shows_nothing) {
    terminal_begin(80);
    progress_line_begin(true);
    sleep_ms(1050);
    progress_tell("reading a recording", 2, 4);
    progress_line_end();
    setenv("TERM", "dumb", 1);
    progress_line_begin(false);
    sleep_ms(1050);
    progress_tell("reading a recording", 2, 4);
    progress_line_end();
    CHECK_STR(written(), "");
    terminal_end();
    setenv("TERM", "xterm", 1);
    scratch_stderr_begin();
    progress_line_begin(false);
    sleep_ms(1050);
    progress_tell("reading a recording", 2, 4);
    progress_line_end();
    CHECK_STR(scratch_stderr_end(), "");
}

CHECK_MAIN
