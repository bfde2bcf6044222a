/* reports/tsan_text.c: whatever is in the text, and whole reports. The logs that programs have written are
 * read in tests/cli/import_test.py. */
#include "reports/tsan_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tests/check.h"

/* One line for each report, kept for the check. */
static char said[8192];

static void take(void *context, const struct foreign_report *report) {
    (void)context;
    char line[1024];
    int n = snprintf(line, sizeof line, "%s%s|%s|%s|pid %u|x%" PRIu64 "|", report->remark ? "remark " : "",
                     report->title, report->remark ? "-" : finding_kind_name(report->kind),
                     report->cut ? "cut" : "whole", report->pid, report->count);
    for (size_t i = 0; i < report->steps_count && n < 900; i++) {
        const struct foreign_step *step = &report->steps[i];
        n += snprintf(line + n, sizeof line - (size_t)n, " T%u %s%s%" PRIu64 " holds %zu frames %zu",
                      step->thread, step->access.atomic ? "atomic " : "",
                      step->wants.mode == LOCK_SHARED ? "r" : "w", step->access.size, step->holds_count,
                      step->wants.stack.count);
    }
    snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", line);
}

static const struct foreign_sink sink = {take, NULL};

static size_t read_text(const char *text, bool whole) {
    said[0] = '\0';
    return tsan_text_read(text, strlen(text), whole, &sink);
}

static const char race[] =
    "==================\n"
    "WARNING: ThreadSanitizer: data race (pid=4711)\n"
    "  Atomic write of size 8 at 0x5635bd06d7d8 by thread T2 (mutexes: write M0, read M1):\n"
    "    #0 take /src/bank.c:14:2 (bank+0x10) (BuildId: 77e6)\n"
    "    #1 atom /src/bank.c:36:37 (bank+0xe52ed) (BuildId: 77e6)\n"
    "\n"
    "  Previous read of size 4 at 0x5635bd06d7d8 by main thread:\n"
    "    [failed to restore the stack]\n"
    "\n"
    "  Location is global 'balance' of size 8 at 0x5635bd06d7d8 (bank+0x14917d8)\n"
    "\n"
    "  Mutex M0 (0x5635bd06d700) created at:\n"
    "    #0 pthread_mutex_init <null> (bank+0x1)\n"
    "\n"
    "  Thread T2 'it's (tid=3) own' (tid=5397, running) created by main thread at:\n"
    "    #0 pthread_create <null> (bank+0x61ed1)\n"
    "    #1 main /src/bank.c:53:145 (bank+0xe4bb6)\n"
    "\n"
    "SUMMARY: ThreadSanitizer: data race /src/bank.c:36:37 in atom\n"
    "==================\n"
    "ThreadSanitizer: reported 1 warnings\n";

static void check_frame(const char *line, const char *function, const char *file, uint32_t number,
                        const char *module, uint64_t offset, const char *build_id) {
    struct memory_pool pool = {0};
    struct report_frame frame;
    CHECK(tsan_text_frame(&pool, line, &frame));
    CHECK_STR(frame.function ? frame.function : "-", function ? function : "-");
    CHECK_STR(frame.file ? frame.file : "-", file ? file : "-");
    CHECK_EQ(frame.line, number);
    CHECK_STR(frame.module ? frame.module : "-", module ? module : "-");
    CHECK_EQ(frame.offset, offset);
    CHECK_STR(frame.build_id ? frame.build_id : "-", build_id ? build_id : "-");
    memory_pool_free(&pool);
}

TEST(frames_of_clang_and_gcc) {
    check_frame("    #1 main /src/bank.c:39:5 (bank+0xe45b0) (BuildId: 7DE780)", "main", "/src/bank.c", 39,
                "bank", 0xe45b0, "7de780");
    check_frame("    #12 main bank.c:39 (/opt/a (b)/bank+0xe45b0)", "main", "bank.c", 39, "/opt/a (b)/bank",
                0xe45b0, NULL);
    check_frame("#0 <null> <null> (libx.so+0x12)", NULL, NULL, 0, "libx.so", 0x12, NULL);
    check_frame("#0 operator new(unsigned long) <null> (a.out+0x1)", "operator new(unsigned long)", NULL, 0,
                "a.out", 1, NULL);
    check_frame("#0 void f<std::map<int, char> >(std::pair<int, A*> const&) /my src/x y.cc:3:4 (a+0x2)",
                "void f<std::map<int, char> >(std::pair<int, A*> const&)", "/my src/x y.cc", 3, "a", 2, NULL);
    check_frame("#0 A::g(int) const x.cc:7 (a+0x3)", "A::g(int) const", "x.cc", 7, "a", 3, NULL);
    check_frame("#0 A::operator->() const /x.cc:7 (a+0x3)", "A::operator->() const", "/x.cc", 7, "a", 3,
                NULL);
    check_frame("#0 f /x.c (a+0x3)", "f", "/x.c", 0, "a", 3, NULL);
    check_frame("#0 f /x.c:99999999999999999999 (a+0x3)", "f", "/x.c", 0, "a", 3, NULL);
    check_frame("#0 main", "main", NULL, 0, NULL, 0, NULL);
    check_frame("#0", NULL, NULL, 0, NULL, 0, NULL);
    struct memory_pool pool = {0};
    struct report_frame frame;
    CHECK(!tsan_text_frame(&pool, "# main", &frame));
    CHECK(!tsan_text_frame(&pool, "#x", &frame));
    CHECK(!tsan_text_frame(&pool, "", &frame));
    memory_pool_free(&pool);
}

TEST(a_race) {
    CHECK_EQ(read_text(race, true), sizeof race - 1);
    CHECK_STR(
        said,
        "data race|race.data|whole|pid 4711|x1| T3 atomic w8 holds 2 frames 2 T1 r4 holds 0 frames 0\n");
}

static void take_names(void *context, const struct foreign_report *report) {
    (void)context;
    CHECK_EQ(report->threads_count, 1);
    CHECK_EQ(report->threads[0].tid, 5397);
    CHECK_STR(report->threads[0].name, "it's (tid=3) own");
    CHECK_EQ(report->threads[0].creator, 1);
    CHECK_EQ(report->threads[0].created.count, 2);
    CHECK_EQ(report->locks_count, 2);
    CHECK_EQ(report->locks[0].address, 0x5635bd06d700);
    CHECK_EQ(report->locks[0].created.count, 1);
    CHECK_EQ(report->steps[0].holds[1].mode, LOCK_SHARED);
    CHECK_STR(report->place.name, "balance");
    CHECK_EQ(report->place.size, 8);
    CHECK_STR(report->steps[0].wants.stack.frames[1].function, "atom");
}

TEST(what_a_race_names) {
    const struct foreign_sink names = {take_names, NULL};
    tsan_text_read(race, sizeof race - 1, true, &names);
}

TEST(lines_of_a_ci_system_and_colours) {
    read_text(
        "12:01 12: \033[1m\033[31mWARNING: ThreadSanitizer: data race (pid=7)\n"
        "12:02 12: \033[1m\033[0m\033[1m\033[34m  Write of size 4 at 0x10 by thread T1:\033[1m\033[0m\r\n"
        "12:03 12:     #0 f x.c:1 (x+0x1)\r\n"
        "12:03 12: \n"
        "12:03 12: SUMMARY: ThreadSanitizer: data race\n",
        true);
    CHECK_STR(said, "data race|race.data|whole|pid 7|x1| T2 w4 holds 0 frames 1\n");
}

TEST(kinds_that_are_not_known_are_not_lost) {
    read_text(
        "WARNING: ThreadSanitizer: something new (pid=7)\n    #0 f x.c:1 (x+0x1)\n\n==================\n",
        true);
    CHECK_STR(said, "something new|race.data|whole|pid 7|x1| T0 w0 holds 0 frames 1\n");
    read_text("==7==ERROR: ThreadSanitizer: SEGV on unknown address 0x8 (pc 0x1 T7)\n    #0 f x.c:1\n"
              "FATAL: ThreadSanitizer: unexpected memory mapping 0x1-0x2\n",
              true);
    CHECK_STR(said, "remark SEGV on unknown address 0x8|-|whole|pid 7|x1|\n"
                    "remark unexpected memory mapping 0x1-0x2|-|whole|pid 0|x1|\n");
    read_text("hello\nno report\n", true);
    CHECK_STR(said, "");
}

TEST(a_lock_order_within_one_thread_is_none) {
    static const char orders[] =
        "WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=7)\n"
        "  Cycle in lock order graph: M0 (0x10) => M1 (0x20) => M0\n"
        "\n"
        "  Mutex M1 acquired here while holding mutex M0 in main thread:\n    #0 f x.c:1 (x+0x1)\n\n"
        "  Mutex M0 previously acquired by the same thread here:\n    #0 g x.c:2 (x+0x2)\n\n"
        "  Mutex M0 acquired here while holding mutex M1 in %s:\n    #0 h x.c:3 (x+0x3)\n\n"
        "SUMMARY: ThreadSanitizer: lock-order-inversion\n";
    char text[1024];
    snprintf(text, sizeof text, orders, "main thread");
    read_text(text, true);
    CHECK_STR(said, "lock-order-inversion (potential deadlock)|order.single_thread|whole|pid 7|x1| T1 w0 "
                    "holds 1 frames 1 T1 w0 holds "
                    "1 frames 1\n");
    snprintf(text, sizeof text, orders, "thread T1");
    read_text(text, true);
    CHECK_STR(said, "lock-order-inversion (potential deadlock)|deadlock.potential|whole|pid 7|x1| T1 w0 "
                    "holds 1 frames 1 T2 w0 holds 1 "
                    "frames 1\n");
}

/* A log that grows is read report by report, and a byte more never makes less of it. */
TEST(a_report_that_has_not_ended_is_left) {
    size_t end = strstr(race, "in atom\n") + strlen("in atom\n") - race;
    for (size_t size = 0; size < sizeof race; size++) {
        said[0] = '\0';
        size_t done = tsan_text_read(race, size, false, &sink);
        CHECK(done <= size);
        CHECK_EQ(said[0] != '\0', size >= end);
        CHECK(size >= end || done <= strlen("==================\n"));
    }
}

TEST(a_report_that_is_cut_off_anywhere_is_told) {
    size_t begin = strstr(race, "data race") - race;
    for (size_t size = begin; size + 60 < sizeof race; size++) {
        char *exact = malloc(size); /* what reads beyond it is seen by the sanitizers */
        memcpy(exact, race, size);
        said[0] = '\0';
        CHECK_EQ(tsan_text_read(exact, size, true, &sink), size);
        CHECK(said[0] != '\0');
        free(exact);
    }
}

TEST(any_bytes) {
    unsigned state = 1;
    char text[sizeof race];
    for (int round = 0; round < 20000; round++) {
        memcpy(text, race, sizeof race);
        for (int i = 0; i < 1 + round % 8; i++) {
            state = state * 1103515245u + 12345u;
            size_t at = (state >> 8) % (sizeof race - 1);
            state = state * 1103515245u + 12345u;
            text[at] = "\n\0#(')M T\xff=0:"[(state >> 16) % 13];
        }
        said[0] = '\0';
        CHECK_EQ(tsan_text_read(text, sizeof race - 1, true, &sink), sizeof race - 1);
    }
}

/* What is beyond the bounds is left out, and that is told. */
TEST(bounds) {
    size_t room = (size_t)8 << 20, size = 0;
    char *text = malloc(room);
    size += (size_t)snprintf(text, room,
                             "WARNING: ThreadSanitizer: data race (pid=7)\n"
                             "  Write of size 4 at 0x10 by thread T1:\n");
    for (int i = 0; i < FOREIGN_FRAMES + 10; i++)
        size += (size_t)snprintf(text + size, room - size, "    #%d recursive x.c:1 (x+0x1)\n", i);
    snprintf(text + size, room - size, "\nSUMMARY: ThreadSanitizer: data race\n");
    read_text(text, true);
    CHECK_STR(said, "data race|race.data|whole|pid 7|x1| T2 w4 holds 0 frames 65536\n");
    size = (size_t)snprintf(text, room, "WARNING: ThreadSanitizer: data race (pid=7)\n");
    for (int i = 0; i < FOREIGN_PARTS + 1; i++)
        size += (size_t)snprintf(text + size, room - size, "  Write of size 4 at 0x10 by thread T1:\n");
    read_text(text, true);
    CHECK(strncmp(said, "data race|race.data|cut|", 24) == 0);
    free(text);
}

CHECK_MAIN
