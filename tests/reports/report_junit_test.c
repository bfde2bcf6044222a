#include "reports/report_junit.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static void check_report(const char *name, const struct report *report, const char *expected) {
    char file[64];
    snprintf(file, sizeof file, "%s.xml", name);
    scene_keep(report, report_junit_write, file);
    char *text = scene_written(report, report_junit_write);
    CHECK_STR(text, expected);
    free(text);
}

TEST(a_finding_is_a_failure_and_a_suppressed_one_is_skipped) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, 0}}}, 1);
    struct report *report = scene_report(&builder, "report_junit_test");
    ((struct report_finding *)report_finding(report, 1))->suppressed = true;
    report_set_run(report, &(struct report_run){.argv = (const char *const[]){"./bank", NULL},
                                                .exe = "/src/bank.v2",
                                                .pid = 99,
                                                .started_ns = 1704164645123456789u,
                                                .duration_s = 1.5,
                                                .exit = 137});
    check_report("findings", report,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites name=\"gordian\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\""
                 "1.500\">\n"
                 "  <testsuite name=\"bank.v2\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\" time="
                 "\"1.500\" timestamp=\"2024-01-02T03:04:05\">\n"
                 "    <testcase classname=\"gordian.bank_v2\" name=\"deadlock.actual: account_lock, table+0x"
                 "40, Bank::lock (ID)\" file=\"fixture.c\" line=\"23\" time=\"0\">\n"
                 "      <failure type=\"deadlock.actual\" message=\"deadlock: main holds account_lock and wa"
                 "its for table+0x40; teller holds table+0x40 and waits for account_lock\">gordian: deadlock"
                 ": main holds account_lock and waits for table+0x40; teller holds table+0x40 and waits for "
                 "account_lock\n"
                 "\n"
                 "  main (T1, tid 4711)\n"
                 "    holds account_lock, locked at\n"
                 "        take      fixture.c:23 (inlined)\n"
                 "        transfer  fixture.c:28\n"
                 "        session   fixture.c:41\n"
                 "    waits for table+0x40 at\n"
                 "        take      fixture.c:23 (inlined)\n"
                 "        transfer  fixture.c:29\n"
                 "        session   fixture.c:41\n"
                 "\n"
                 "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
                 "    holds table+0x40, locked at\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "    also holds Bank::lock, locked at fixture.c:36 in Bank::audit\n"
                 "    waits for account_lock at\n"
                 "        take      fixture.c:23 (inlined)\n"
                 "        transfer  fixture.c:28\n"
                 "        session   fixture.c:41\n"
                 "\n"
                 "  table+0x40: mutex at ADDRESS\n"
                 "  account_lock: mutex at ADDRESS\n"
                 "\n"
                 "  error deadlock.actual (cycle), id ID, seen 0.012 s after the start of bank (pid 4711)\n"
                 "</failure>\n"
                 "    </testcase>\n"
                 "    <testcase classname=\"gordian.bank_v2\" name=\"misuse.unlock_unlocked: Bank::lock (ID)"
                 "\" time=\"0\">\n"
                 "      <skipped message=\"suppressed: main unlocks Bank::lock, which nobody holds\">gordian"
                 ": main unlocks Bank::lock, which nobody holds\n"
                 "\n"
                 "  main (T1, tid 4711)\n"
                 "    unlocks Bank::lock at\n"
                 "        (the stack is not known)\n"
                 "\n"
                 "  Bank::lock: mutex at ADDRESS\n"
                 "\n"
                 "  warning misuse.unlock_unlocked, id ID, seen 0.012 s after the start of bank (pid 4711), "
                 "suppressed\n"
                 "</skipped>\n"
                 "    </testcase>\n"
                 "    <system-out>gordian: 2 findings: 1 error, 0 warnings, 0 notes, 1 suppressed\n"
                 "  error    deadlock: main holds account_lock and waits for table+0x40; teller holds table+"
                 "0x40 and waits for account_lock\n"
                 "  suppressed  main unlocks Bank::lock, which nobody holds\n"
                 "  seen: 12 mutex events in 2 threads of 1 process\n"
                 "</system-out>\n"
                 "  </testsuite>\n"
                 "</testsuites>\n");
    report_free(report);
    builder_free(&builder);
}

TEST(a_run_without_findings_passes) {
    struct recording_builder builder;
    scene_start(&builder);
    struct report *report = scene_report(&builder, "report_junit_test");
    check_report("clean", report,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites name=\"gordian\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\""
                 "0.000\">\n"
                 "  <testsuite name=\"bank\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0."
                 "000\" timestamp=\"2024-01-02T03:04:05\">\n"
                 "    <testcase classname=\"gordian.bank\" name=\"no finding\" time=\"0\"/>\n"
                 "    <system-out>gordian: no finding\n"
                 "  seen: 12 mutex events in 2 threads of 1 process\n"
                 "</system-out>\n"
                 "  </testsuite>\n"
                 "</testsuites>\n");
    report_free(report);
    builder_free(&builder);
}

TEST(notes_fail_nothing_and_are_the_output) {
    struct recording_builder builder;
    scene_start(&builder);
    size_t note =
        builder_finding(&builder, FINDING_BLOCKING_WAIT_HOLDING, FINDING_SHAPE_NONE,
                        (struct builder_step[]){
                            {SCENE_MAIN, {{SCENE_BANK, 0, SCENE_AUDIT}}, 1, {SCENE_TABLE, 0, SCENE_FIRST}}},
                        1);
    builder_finding_at(&builder, note)->severity = FINDING_NOTE;
    struct report *report = scene_report(&builder, "report_junit_test");
    check_report("notes", report,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites name=\"gordian\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\""
                 "0.000\">\n"
                 "  <testsuite name=\"bank\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0."
                 "000\" timestamp=\"2024-01-02T03:04:05\">\n"
                 "    <testcase classname=\"gordian.bank\" name=\"no finding\" time=\"0\"/>\n"
                 "    <system-out>gordian: main waits for table+0x40 while it holds Bank::lock\n"
                 "\n"
                 "  main (T1, tid 4711)\n"
                 "    holds Bank::lock, locked at\n"
                 "        Bank::audit()  fixture.c:36\n"
                 "        session        fixture.c:42\n"
                 "    waits for table+0x40 at\n"
                 "        take      fixture.c:23 (inlined)\n"
                 "        transfer  fixture.c:28\n"
                 "        session   fixture.c:41\n"
                 "\n"
                 "  table+0x40: mutex at ADDRESS\n"
                 "\n"
                 "  note blocking.wait_holding, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
                 "\n"
                 "  a rule that silences it (gordian help suppressions):\n"
                 "    [blocking.wait_holding: Bank::lock, table]\n"
                 "    # main waits for table+0x40 while it holds Bank::lock\n"
                 "    id: ID\n"
                 "    # Instead of the id, to silence what is like it, and still after an edit:\n"
                 "    # kind: blocking.wait_holding\n"
                 "    # lock: Bank::lock\n"
                 "    # lock: table\n"
                 "    # frames: function:Bank::audit; function:session\n"
                 "    # frames: function:take; function:transfer\n"
                 "gordian: 1 finding: 0 errors, 0 warnings, 1 note\n"
                 "  note     main waits for table+0x40 while it holds Bank::lock, at fixture.c:23 in take\n"
                 "  seen: 12 mutex events in 2 threads of 1 process\n"
                 "</system-out>\n"
                 "  </testsuite>\n"
                 "</testsuites>\n");
    report_free(report);
    builder_free(&builder);
}

TEST(a_run_that_says_nothing_is_an_error) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    builder_header(&builder)->state = RECORDING_OFF;
    strcpy(builder_header(&builder)->off_reason, "no <memory> & \"more\"");
    struct report *report = scene_report(&builder, "report_junit_test");
    check_report("nothing", report,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites name=\"gordian\" tests=\"2\" failures=\"0\" errors=\"2\" skipped=\"0\" time=\""
                 "0.000\">\n"
                 "  <testsuite name=\"bank\" tests=\"2\" failures=\"0\" errors=\"2\" skipped=\"0\" time=\"0."
                 "000\" timestamp=\"2024-01-02T03:04:05\">\n"
                 "    <testcase classname=\"gordian.bank\" name=\"lock events are seen\" time=\"0\">\n"
                 "      <error type=\"inconclusive\" message=\"no lock event was seen: this run says nothing"
                 "\"/>\n"
                 "    </testcase>\n"
                 "    <testcase classname=\"gordian.bank\" name=\"gordian stays on\" time=\"0\">\n"
                 "      <error type=\"inconclusive\" message=\"gordian turned itself off in process 4711: no"
                 " &lt;memory&gt; &amp; &quot;more&quot;\"/>\n"
                 "    </testcase>\n"
                 "    <system-out>gordian: no lock event was seen: this run says nothing\n"
                 "  seen: no events in 0 threads of 1 process\n"
                 "  note: pid 4711: gordian turned itself off: no &lt;memory&gt; &amp; &quot;more&quot;\n"
                 "</system-out>\n"
                 "  </testsuite>\n"
                 "</testsuites>\n");
    report_free(report);
    builder_free(&builder);
}

TEST(strings_of_the_program_do_not_break_the_document) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_thread(&builder, 3, 0, 0, "<&\"]]>\033\xff\n");
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, LOCK_EXCLUSIVE, 0}}}, 1);
    struct report *report = scene_report(&builder, "report_junit_test");
    check_report("strings", report,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites name=\"gordian\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\""
                 "0.000\">\n"
                 "  <testsuite name=\"bank\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0."
                 "000\" timestamp=\"2024-01-02T03:04:05\">\n"
                 "    <testcase classname=\"gordian.bank\" name=\"misuse.unlock_unlocked: Bank::lock (ID)\" "
                 "time=\"0\">\n"
                 "      <failure type=\"misuse.unlock_unlocked\" message=\"&lt;&amp;&quot;]]&gt;\\x1b\\xff&#"
                 "10; unlocks Bank::lock, which nobody holds\">gordian: &lt;&amp;&quot;]]&gt;\\x1b\\xff\\x0a"
                 " unlocks Bank::lock, which nobody holds\n"
                 "\n"
                 "  &lt;&amp;&quot;]]&gt;\\x1b\\xff\\x0a (T3, tid 4713)\n"
                 "    unlocks Bank::lock at\n"
                 "        (the stack is not known)\n"
                 "\n"
                 "  Bank::lock: mutex at ADDRESS\n"
                 "\n"
                 "  warning misuse.unlock_unlocked, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
                 "</failure>\n"
                 "    </testcase>\n"
                 "    <system-out>gordian: 1 finding: 0 errors, 1 warning, 0 notes\n"
                 "  warning  &lt;&amp;&quot;]]&gt;\\x1b\\xff\\x0a unlocks Bank::lock, which nobody holds\n"
                 "  seen: 12 mutex events in 3 threads of 1 process\n"
                 "</system-out>\n"
                 "  </testsuite>\n"
                 "</testsuites>\n");
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
