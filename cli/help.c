/* gordian help: what there is, with examples. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char overview[] =
    "gordian finds the deadlocks of threaded programs, those that happen and those that are one unlucky\n"
    "schedule away, without rebuilding the program.\n"
    "\n"
    "  gordian run [OPTION...] -- PROG ARG...   run a program and report what is found\n"
    "  gordian report RECORDING...              report again, from recordings that were kept\n"
    "  gordian diff BEFORE AFTER                which findings are new, gone and kept between two reports\n"
    "  gordian ps [PID]                         running programs under gordian, their threads and locks\n"
    "  gordian dump PID                         who holds and who waits, in a running program\n"
    "  gordian suite [CASE...]                  the case suite: buggy and fixed programs under several "
    "tools\n"
    "  gordian new-case NAME                    a pair of programs to start a case from\n"
    "  gordian help [SUBCOMMAND]                this, or the options of a subcommand\n"
    "  gordian help suppressions                how to write rules that silence findings\n"
    "  gordian --version\n"
    "\n"
    "Examples\n"
    "  gordian run -- ./server --port 8080\n"
    "  gordian run --json report.json -- make test\n"
    "  gordian run --out results -- ./server && gordian report results/*.rec\n"
    "\n"
    "Exit status: the program's own; 66 when something was found; 125 when gordian could not do its work;\n"
    "126 and 127 for a program that cannot be executed or is not found.\n";

#define OUTPUT_HELP                                                                                          \
    "  --json FILE         write the report as JSON (schema gordian-report/1); - is standard output\n"       \
    "  --text FILE         write the report as text there instead of to the terminal; - is standard "        \
    "output\n"                                                                                               \
    "  --out DIR           keep everything in DIR, made if needed: "

#define OUTPUT_HELP_END                                                                                      \
    "  --exit-code N       exit status when something was found (default: 66; 0: findings do not change "    \
    "it)\n"                                                                                                  \
    "  --full              show every frame of every stack, notes with their stacks, and every lock that "   \
    "was\n"                                                                                                  \
    "                      waited for\n"

#define FILTERS_HELP                                                                                         \
    "  --suppressions FILE findings that a rule of FILE asks for do not count (gordian help suppressions); " \
    "again\n"                                                                                                \
    "                      for more files\n"                                                                 \
    "  --baseline FILE     findings of an earlier report, FILE of --json, are known and do not count\n"      \
    "  --only-module GLOB  only findings in whose locking a module takes part, by path or file name; again " \
    "for\n"                                                                                                  \
    "                      more modules\n"

static const char run[] =
    "gordian run [OPTION...] [--] PROG ARG...\n"
    "\n"
    "Run PROG with gordian watching it. Each finding is printed to stderr the moment it is made; the "
    "program's\n"
    "input and output are its own.\n"
    "\n" OUTPUT_HELP "recordings, report.json, report.txt\n" OUTPUT_HELP_END FILTERS_HELP
    "  --on-deadlock WORD  when a deadlock happens: stop (kill the program, the default), abort (SIGABRT, "
    "for\n"
    "                      a core dump) or continue\n"
    "  --no-children       do not look into the processes that PROG starts\n"
    "\n"
    "A deadlocked program is stopped also when the deadlock is suppressed or known, since it would hang; the "
    "exit\n"
    "status is then that of a killed program (137), not 66.\n"
    "\n"
    "GORDIAN_OPTIONS in the environment reaches the library too: GORDIAN_OPTIONS=help=1 lists its options.\n"
    "\n"
    "Examples\n"
    "  gordian run -- ./server --port 8080\n"
    "  gordian run --json report.json -- make test\n"
    "  gordian run --on-deadlock abort -- ./server      then look at the core dump with gdb\n"
    "  gordian run --suppressions gordian.supp --only-module 'libmine.so*' -- ./server\n"
    "  gordian run --baseline old.json --json new.json -- ./server      fails on new findings only\n";

static const char report[] =
    "gordian report [OPTION...] RECORDING...\n"
    "\n"
    "Report what recordings hold: after a crash or a kill -9, elsewhere, or of several runs.\n"
    "\n" OUTPUT_HELP "report.json, report.txt\n" OUTPUT_HELP_END FILTERS_HELP "\n"
    "Examples\n"
    "  gordian report gordian.4711.0.rec\n"
    "  gordian report --json report.json results/*.rec\n"
    "  gordian report --full results      with a rule for each finding that silences it\n";

static const char diff[] =
    "gordian diff [OPTION...] BEFORE AFTER\n"
    "\n"
    "Compare two reports: which findings are new in AFTER, gone from BEFORE, and kept. Each is a file that "
    "--json\n"
    "wrote, a recording, or a directory of recordings. Findings are told apart by their ids, which stay the "
    "same\n"
    "from build to build. A prediction of a deadlock that BEFORE has seen happen is kept; a deadlock that "
    "happens\n"
    "and was only predicted before is new.\n"
    "\n"
    "  --json FILE         write the comparison as JSON (schema gordian-diff/1); - is standard output\n"
    "  --exit-code N       exit status when something is new (default: 66; 0: it does not matter)\n"
    "\n"
    "Exit status: 66 when AFTER has a new finding of severity error or warning that is neither suppressed "
    "nor\n"
    "known from its own baseline, else 0; 125 when a report cannot be read.\n"
    "\n"
    "Examples\n"
    "  gordian diff main.json branch.json\n"
    "  gordian diff --json - results.monday results.tuesday\n";

static const char suppressions[] =
    "gordian run --suppressions FILE ...\n"
    "\n"
    "A file of rules, each with a name in brackets. A finding is silenced when all that a rule asks for is "
    "so; "
    "then\n"
    "it is counted in the summary by the rule's name and does not change the exit status.\n"
    "\n"
    "  # The cache is filled before the second thread exists.\n"
    "  [cache before start]\n"
    "  kind: deadlock.potential\n"
    "  frames: cache_fill; ...; module:libcache.so*\n"
    "  lock: cache_lock\n"
    "  expires: 2027-01-31\n"
    "\n"
    "  kind: GLOB          the finding's kind\n"
    "  id: ID              this very finding; it is in every report\n"
    "  lock: GLOB          a lock of the knot has this name\n"
    "  frame: FRAME        a stack of the knot has such a frame\n"
    "  frames: FRAME; ...; FRAME\n"
    "                      a stack of the knot begins with these frames, innermost first; ... is any number "
    "of\n"
    "                      frames, and what follows the last one is free\n"
    "  expires: DATE       the last day on which the rule counts\n"
    "\n"
    "FRAME is a GLOB for the function, the source file or the module, each as a path or a file name; "
    "function:,\n"
    "file: or module: before it says which. In a GLOB * is any text, ? a character, [abc] one of a set, \\ "
    "before\n"
    "one of these takes it literally. A # begins a line that is a comment. kind, id and expires stand once, "
    "the\n"
    "others as often as needed. The knot is what a thread holds and wants of the locks that are in each "
    "other's\n"
    "way; locks held beside it do not count. ThreadSanitizer's lines deadlock:TEXT, mutex:TEXT and race:TEXT "
    "are\n"
    "taken, too.\n"
    "\n"
    "A rule with a mistake is told with file and line, and left out; the others count. Rules that silenced "
    "nothing\n"
    "and rules that have expired are named at the end. --full and --json give a rule for each finding that "
    "silences\n"
    "that one and no other.\n"
    "\n"
    "Examples\n"
    "  gordian report --full results      copy the rules of what you have looked at into gordian.supp\n"
    "  gordian run --suppressions gordian.supp -- ./server\n";

static const char ps[] = "gordian ps [PID]\n"
                         "\n"
                         "List the running programs that gordian is loaded into; with PID, that one.\n"
                         "\n"
                         "Example\n"
                         "  gordian ps\n";

static const char dump[] =
    "gordian dump PID\n"
    "\n"
    "Show what every thread of a running program holds and waits for. The program is not stopped.\n"
    "\n"
    "Example\n"
    "  gordian dump 4711\n";

static const char suite[] =
    "gordian suite [OPTION...] [CASE...]\n"
    "\n"
    "Build the cases, which are pairs of a buggy and a fixed program, run each twin by itself and under each "
    "tool,\n"
    "and compare what the tools say with what the case expects. CASE is a name, a topic or TOPIC/NAME; none: "
    "all.\n"
    "\n"
    "  --cases DIR         take the cases from there (default: those that come with gordian)\n"
    "  --tools NAME,...    of native, gordian, tsan, helgrind, drd (default: all that are installed)\n"
    "  --json FILE         write the results as JSON, too; - is standard output\n"
    "  --html FILE         write the results as a page, too, with what the twins differ in\n"
    "  --limit N           seconds that a program may run (default: 60)\n"
    "  --jobs N            cases at a time (default: two for each processor)\n"
    "  --quiet             no progress\n"
    "\n"
    "Exit status: 0 when all is as expected, 1 when not, 125 when the suite cannot run.\n"
    "\n"
    "Examples\n"
    "  gordian suite\n"
    "  gordian suite --tools gordian,tsan lock_order\n"
    "  gordian suite --cases my_cases --html suite.html\n";

static const char new_case[] =
    "gordian new-case NAME\n"
    "\n"
    "Write NAME_buggy.c and NAME_fixed.c, a pair to start a case from. NAME may begin with a folder.\n"
    "\n"
    "Example\n"
    "  gordian new-case my_cases/cache_refresh && gordian suite --cases my_cases cache_refresh\n";

static const char help[] = "gordian help [SUBCOMMAND]\n"
                           "\n"
                           "Show what gordian can do, or the options of a subcommand.\n"
                           "\n"
                           "Example\n"
                           "  gordian help run\n";

static const struct {
    const char *name, *text;
} topics[] = {{"run", run},
              {"report", report},
              {"diff", diff},
              {"ps", ps},
              {"dump", dump},
              {"suite", suite},
              {"new-case", new_case},
              {"help", help},
              {"suppressions", suppressions}};

int cli_help(int argc, char **argv) {
    if (argc < 2) {
        fputs(overview, stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        if (strcmp(argv[1], topics[i].name) == 0) {
            fputs(topics[i].text, stdout);
            return 0;
        }
    return cli_fail(argv[1], "no such subcommand", "gordian help lists them");
}
