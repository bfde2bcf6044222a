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
    "  gordian import FILE...                   the same from files of ThreadSanitizer, Helgrind or DRD\n"
    "  gordian ps [PID]                         running programs under gordian, their threads and locks\n"
    "  gordian dump PID                         who holds and who waits, in a running program\n"
    "  gordian suite [CASE...]                  the case suite: buggy and fixed programs under several "
    "tools\n"
    "  gordian new-case NAME                    a pair of programs to start a case from\n"
    "  gordian help [SUBCOMMAND]                this, or the options of a subcommand\n"
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

static const char run[] =
    "gordian run [OPTION...] [--] PROG ARG...\n"
    "\n"
    "Run PROG with gordian watching it. Each finding is printed to stderr the moment it is made; the "
    "program's\n"
    "input and output are its own.\n"
    "\n" OUTPUT_HELP "recordings, report.json, report.txt\n" OUTPUT_HELP_END
    "  --on-deadlock WORD  when a deadlock happens: stop (kill the program, the default), abort (SIGABRT, "
    "for\n"
    "                      a core dump) or continue\n"
    "  --no-children       do not look into the processes that PROG starts\n"
    "\n"
    "GORDIAN_OPTIONS in the environment reaches the library too: GORDIAN_OPTIONS=help=1 lists its options.\n"
    "\n"
    "Examples\n"
    "  gordian run -- ./server --port 8080\n"
    "  gordian run --json report.json -- make test\n"
    "  gordian run --on-deadlock abort -- ./server      then look at the core dump with gdb\n";

static const char report[] =
    "gordian report [OPTION...] RECORDING...\n"
    "\n"
    "Report what recordings hold: after a crash or a kill -9, elsewhere, or of several runs.\n"
    "\n" OUTPUT_HELP "report.json, report.txt\n" OUTPUT_HELP_END "\n"
    "Examples\n"
    "  gordian report gordian.4711.0.rec\n"
    "  gordian report --json report.json results/*.rec\n";

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

static const char import[] =
    "gordian import FILE... [OPTION...]\n"
    "\n"
    "Report what other tools have found, in every format that gordian writes: ThreadSanitizer's text (a log "
    "file,\n"
    "or the output of a program or a CI job that has its reports in it), and the XML of Helgrind and DRD. "
    "The\n"
    "format is told by the content.\n"
    "\n" OUTPUT_HELP "a report in each format\n" OUTPUT_HELP_END "\n"
    "Make such files\n"
    "  TSAN_OPTIONS=second_deadlock_stack=1:log_path=tsan ./bank     # tsan.PID; built with "
    "-fsanitize=thread\n"
    "  valgrind --tool=helgrind --xml=yes --xml-file=helgrind.xml ./bank\n"
    "  valgrind --tool=drd --xml=yes --xml-file=drd.xml ./bank\n"
    "\n"
    "Examples\n"
    "  gordian import tsan.4711\n"
    "  gordian import --json findings.json --text - build.log helgrind.xml\n"
    "\n"
    "A program built with -fsanitize=thread needs no import: gordian run reads its reports.\n";

static const char help[] = "gordian help [SUBCOMMAND]\n"
                           "\n"
                           "Show what gordian can do, or the options of a subcommand.\n"
                           "\n"
                           "Example\n"
                           "  gordian help run\n";

static const struct {
    const char *name, *text;
} topics[] = {{"run", run},   {"report", report}, {"import", import},     {"ps", ps},
              {"dump", dump}, {"suite", suite},   {"new-case", new_case}, {"help", help}};

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
