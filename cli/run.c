/* gordian run: run a program, tell of each finding the moment it is made, write the reports at the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/filters.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/progress_line.h"
#include "cli/recordings.h"
#include "cli/supervisor.h"
#include "cli/tsan_logs.h"
#include "reports/processes.h"
#include "reports/report.h"
#include "reports/report_text.h"

/* The library's news can fail to come: a program that changed its user or its root cannot open the FIFO. So
 * the recordings are looked at now and then all the same; a look costs some microseconds per recording. */
#define LOOK_MS 500
/* After news, the next news is waited for only then: contended locks between processes make much of it. And
 * looking takes no more than a tenth of the time. */
#define QUIET_MS 20
#define QUIET_SHARE 10
/* A wait for a lock that the library could not tell of is looked at when it has lasted so long. */
#define LONG_WAIT_MS 250
/* How long an aborted program may take to die when it is not writing a core dump. */
#define ABORT_MS 5000
#define ABORT_LOOK_MS 20
/* Milliseconds that a killed process may take to be gone. */
#define KILLED_LOOKS 500

enum on_deadlock { STOP, ABORT, CONTINUE }; /* in the order of the words of its row */

enum { RUN_ON_DEADLOCK = 2000, RUN_NO_CHILDREN };

static const struct command_option rows[] = {{"on-deadlock", "WORD", COMMAND_WORD, RUN_ON_DEADLOCK,
                                              "when a deadlock happens: stop (kill the program, the "
                                              "default), abort (SIGABRT, for a core dump) or continue",
                                              "stop abort continue"},
                                             {"no-children", NULL, COMMAND_NOTHING, RUN_NO_CHILDREN,
                                              "do not look into the processes that PROG starts", NULL},
                                             {0}};
static const struct command_option *const on_deadlock = &rows[0];

struct run {
    struct output_options outputs;
    struct filter *filter; /* NULL: every finding counts */
    enum on_deadlock on_deadlock;
    bool children;

    struct program program;
    char **argv; /* the program's, as executed */
    char *library;
    const char *symbolizer; /* for ThreadSanitizer; NULL when there is none */
    struct output *output;
    struct recordings *recordings;
    struct tsan_logs *tsan_logs;
    struct report *report;
    struct supervisor supervisor;
    struct report_run facts;
    unsigned *told; /* the revision of each finding that was printed; 0: not printed yet */
    size_t told_room;
    size_t telling;                        /* the finding that is being printed */
    uint64_t begin_ns;                     /* monotonic */
    uint64_t quiet_ns;                     /* monotonic; until then no news is waited for */
    bool look_again;                       /* then, whether there is news or not */
    const struct report_finding *deadlock; /* once we end the run because of it; NULL before */
    uint64_t killed_ns;                    /* monotonic; when the abort was sent */
};

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct run *run, int argc, char **argv) {
    int key, status, word;
    while ((key = options_next(argc, argv, &command_run)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == OPTIONS_HELP)
            return commands_help(&command_run);
        if (output_option(&run->outputs, key, optarg, &status) ||
            filters_option(&run->filter, key, optarg, &status)) {
            if (status)
                return status;
        } else if (key == RUN_NO_CHILDREN) {
            run->children = false;
        } else { /* RUN_ON_DEADLOCK */
            if ((word = options_word(on_deadlock, optarg)) < 0)
                return CLI_FAILED;
            run->on_deadlock = (enum on_deadlock)word;
        }
    }
    if (optind == argc)
        return cli_fail("run", "no program is given", "for example: gordian run -- ./server --port 8080");
    return OPTIONS_END;
}

/* The arguments to execute: a text file without "#!" goes to the shell, as a shell would do it. Nothing is
 * copied but the list. */
static char **arguments(const struct program *program, int argc, char **argv) {
    char **list = (char **)calloc((size_t)argc + 3, sizeof *list), **to = list;
    if (!list)
        return NULL;
    *to++ = argv[0];
    if (program->shell_script) {
        list[0] = "sh";
        *to++ = (char *)program->path;
    }
    for (int i = 1; i < argc; i++)
        *to++ = argv[i];
    return list;
}

/* LD_PRELOAD cannot name every path: a link with a plain name can stand in. */
static int make_preloadable(struct run *run) {
    if (environment_can_preload(run->library))
        return 0;
    char *link;
    if (asprintf(&link, "%s/libgordian.so", recordings_private_dir(run->recordings)) < 0)
        return cli_fail("no memory left", NULL, NULL);
    int status = 0;
    if (!environment_can_preload(link))
        status = cli_fail(run->library, "LD_PRELOAD cannot name a path with a space, ':' or '$'",
                          "set TMPDIR to a directory without these");
    else if (symlink(run->library, link) < 0)
        status = cli_fail_errno(errno, NULL, "cannot make %s", link);
    free(run->library);
    run->library = link;
    return status;
}

static char **program_environment(void *context) {
    struct run *run = context;
    struct environment environment = {.library = run->library,
                                      .dir = recordings_dir(run->recordings),
                                      .notify = recordings_notify(run->recordings),
                                      .root = getpid(),
                                      .children = run->children,
                                      .tsan_log = tsan_logs_path(run->tsan_logs),
                                      .symbolizer = run->symbolizer};
    return environment_create(&environment, environ);
}

/* ThreadSanitizer looks for "llvm-symbolizer" alone. */
static const char *find_symbolizer(void) {
    static const char *const paths[] = {"/usr/bin/llvm-symbolizer-19", "/usr/bin/llvm-symbolizer",
                                        "/usr/bin/llvm-symbolizer-14"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

/* With the recordings, so that --out keeps them; but not every path can be told to ThreadSanitizer. */
static struct tsan_logs *open_tsan_logs(struct run *run) {
    const char *dir = recordings_dir(run->recordings);
    run->symbolizer = find_symbolizer();
    return tsan_logs_open(environment_can_log(dir) ? dir : recordings_private_dir(run->recordings));
}

/* Everything that can be known to fail fails here, before the program starts. */
static int prepare(struct run *run, int argc, char **argv) {
    int status = program_find(argv[0], &run->program);
    if (status) {
        cli_fail(run->program.what, run->program.why, run->program.advice);
        return status;
    }
    run->argv = arguments(&run->program, argc, argv);
    run->report = report_create();
    if (!run->argv || !run->report)
        return cli_fail("no memory left", NULL, NULL);
    report_set_filter(run->report, run->filter);
    run->library = library_find();
    if (!run->library)
        return CLI_FAILED;
    run->output = output_open(&run->outputs);
    if (!run->output)
        return CLI_FAILED;
    run->recordings = recordings_open(run->outputs.out);
    if (!run->recordings)
        return CLI_FAILED;
    run->tsan_logs = open_tsan_logs(run);
    return run->tsan_logs ? make_preloadable(run) : CLI_FAILED;
}

static int start(struct run *run, char **argv) {
    struct supervisor_program program = {.path = run->program.shell_script ? "/bin/sh" : run->program.path,
                                         .argv = run->argv,
                                         .environment = program_environment,
                                         .context = run};
    run->facts = (struct report_run){.argv = (const char *const *)argv,
                                     .exe = run->program.path,
                                     .started_ns = clock_ns(CLOCK_REALTIME),
                                     .exit = -1};
    run->begin_ns = clock_ns(CLOCK_MONOTONIC);
    int error = supervisor_start(&run->supervisor, &program);
    if (error) {
        cli_fail_errno(error, NULL, "cannot execute %s", run->program.path);
        return error == -ENOENT ? CLI_NOT_FOUND : CLI_NOT_RUNNABLE;
    }
    run->facts.pid = (uint32_t)run->supervisor.pid;
    report_set_run(run->report, &run->facts);
    output_follow(run->output, run->report);
    return 0;
}

/* Print to stderr what `write` writes, in one piece. */
static void print(struct run *run,
                  void (*write)(const struct run *run, const struct report_style *style, FILE *out)) {
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return;
    struct report_style style = report_style_of(stderr);
    style.full = run->outputs.full;
    write(run, &style, memory);
    progress_line_clear();
    if (fclose(memory) == 0)
        output_send(2, text, size);
    free(text);
}

static void write_finding(const struct run *run, const struct report_style *style, FILE *out) {
    report_text_finding(run->report, report_finding(run->report, run->telling), style, out);
}

static void write_summary(const struct run *run, const struct report_style *style, FILE *out) {
    report_text_summary(run->report, style, out);
}

static bool make_told_room(struct run *run, size_t count) {
    if (count <= run->told_room)
        return true;
    unsigned *wider = realloc(run->told, count * 2 * sizeof *wider);
    if (!wider)
        return false;
    memset(wider + run->told_room, 0, (count * 2 - run->told_room) * sizeof *wider);
    run->told = wider;
    run->told_room = count * 2;
    return true;
}

/* Print the findings that are new, or were predictions and have happened now; notes, and what is suppressed
 * or known, come with the summary. Returns one of a deadlock or hang among them that is certain, or NULL: one
 * that is put aside, too, since the program is as stuck by it. */
static const struct report_finding *tell_findings(struct run *run) {
    const struct report_finding *deadlock = NULL;
    size_t count = report_findings(run->report);
    if (!make_told_room(run, count))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct report_finding *finding = report_finding(run->report, i);
        unsigned revision = report_finding_revision(run->report, i) + 1;
        if (!finding->count || run->told[i] == revision)
            continue;
        run->told[i] = revision;
        run->telling = i;
        if (finding->severity > FINDING_NOTE && !finding->suppressed && !finding->known)
            print(run, write_finding);
        bool stuck = finding->kind == FINDING_DEADLOCK_ACTUAL || finding->kind == FINDING_HANG_ALL_BLOCKED;
        if (stuck && finding->severity == FINDING_ERROR)
            deadlock = finding;
    }
    return deadlock;
}

/* Read one line "NAME:\tVALUE" of /proc/PID/status. Returns whether it was there. */
static bool process_status(uint32_t pid, const char *name, char *value, size_t size) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    FILE *file = fopen(path, "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        size_t length = strlen(name);
        found = strncmp(line, name, length) == 0 && line[length] == ':';
        if (found)
            snprintf(value, size, "%s", line + length + 1 + strspn(line + length + 1, " \t"));
    }
    if (file)
        fclose(file);
    return found;
}

/* Whether the process that has this number here is the one that recorded it: in a pid namespace of its own, a
 * process records a number that may be another's here. One that we may not look into is none of ours. */
static bool process_is_recorded(uint32_t pid) {
    char path[64], name[64], *line = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    snprintf(name, sizeof name, "/gordian.%u.", pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        return false;
    bool found = false;
    while (!found && getline(&line, &size, maps) > 0)
        found = strstr(line, name) != NULL;
    free(line);
    fclose(maps);
    return found;
}

static bool process_lives(uint32_t pid) {
    char state[32];
    return process_status(pid, "State", state, sizeof state) && state[0] != 'Z' && state[0] != 'X' &&
           process_is_recorded(pid);
}

/* Send a signal to the other processes of the deadlock that are stuck; 0: to none. Returns whether there are
 * any. What is gone, and whose pid may be another's, has no recording mapped. */
static bool signal_others(const struct run *run, int signal) {
    const struct report_finding *deadlock = run->deadlock;
    bool any = false;
    for (size_t i = 0; i < deadlock->steps_count; i++) {
        uint32_t pid = deadlock->steps[i].thread->pid, seen;
        for (size_t j = 0; pid != deadlock->pid && j < report_processes(run->report); j++) {
            const struct report_process *process = report_process(run->report, j);
            if (process->pid == pid && processes_find(process->recording, pid, &seen) != PROCESSES_GONE) {
                any = true;
                kill((pid_t)seen, signal);
            }
        }
    }
    return any;
}

static void end_all(struct run *run) {
    supervisor_kill(&run->supervisor, SIGKILL);
    /* They may have left the group. They are stuck, so their pids are still their own. */
    if (process_lives(run->deadlock->pid))
        kill((pid_t)run->deadlock->pid, SIGKILL);
    signal_others(run, SIGKILL);
}

/* The end of a program because of a finding that is not printed must not be a riddle. */
static void tell_end(const struct run *run, const struct report_finding *deadlock) {
    char what[512];
    const char *done = run->on_deadlock == STOP ? "stopped" : "aborted";
    snprintf(what, sizeof what, "the program is %s: %s %s", done, finding_kind_name(deadlock->kind),
             deadlock->id);
    cli_fail(what, deadlock->suppressed_by ? deadlock->suppressed_by : "known from the baseline",
             "it would not go on by itself; --on-deadlock continue lets it be");
}

static void end_deadlock(struct run *run, const struct report_finding *deadlock) {
    run->deadlock = deadlock;
    if (!report_counts(deadlock))
        tell_end(run, deadlock);
    if (run->on_deadlock == STOP) {
        end_all(run);
    } else {
        /* A stopped process would not die of it. */
        if (process_lives(deadlock->pid)) {
            kill((pid_t)deadlock->pid, SIGABRT);
            kill((pid_t)deadlock->pid, SIGCONT);
        }
        signal_others(run, SIGABRT);
        signal_others(run, SIGCONT);
        run->killed_ns = clock_ns(CLOCK_MONOTONIC);
    }
}

/* The aborted processes may take their time to write their cores; when they are gone, or do not die, the rest
 * is ended. */
static void watch_abort(struct run *run) {
    char dumping[8] = "";
    bool late = clock_ns(CLOCK_MONOTONIC) - run->killed_ns > ABORT_MS * 1000000ull;
    bool live = process_lives(run->deadlock->pid) || signal_others(run, 0);
    if (!live || (late && !(process_status(run->deadlock->pid, "CoreDumping", dumping, sizeof dumping) &&
                            dumping[0] == '1')))
        end_all(run);
}

/* Milliseconds until there is something to do without news. */
static int patience(const struct run *run, uint64_t now) {
    int quiet = now < run->quiet_ns ? (int)((run->quiet_ns - now) / 1000000) + 1 : 0;
    if (run->deadlock && run->on_deadlock == ABORT)
        return ABORT_LOOK_MS;
    return quiet || run->look_again ? quiet : LOOK_MS + (int)recordings_count(run->recordings);
}

/* Look for deadlocks between processes. After news twice, as the library keeps quiet for a moment after it
 * has told of a wait. */
static void look_between(struct run *run, bool news) {
    uint64_t begin = clock_ns(CLOCK_MONOTONIC);
    bool soon = news || run->look_again;
    run->look_again =
        recordings_cross(run->recordings, run->report, soon ? begin : begin - LONG_WAIT_MS * 1000000ull);
    uint64_t end = clock_ns(CLOCK_MONOTONIC), quiet = (end - begin) * QUIET_SHARE;
    if (run->look_again && quiet < REPORT_CONFIRM_MS * 1000000ull)
        quiet = REPORT_CONFIRM_MS * 1000000ull;
    if (news && quiet < QUIET_MS * 1000000ull)
        quiet = QUIET_MS * 1000000ull;
    run->look_again |= news;
    run->quiet_ns = end + quiet;
}

static void follow(struct run *run) {
    for (;;) {
        bool aborting = run->deadlock && run->on_deadlock == ABORT;
        uint64_t now = clock_ns(CLOCK_MONOTONIC);
        int news = now < run->quiet_ns ? -1 : recordings_descriptor(run->recordings);
        enum supervisor_event event = supervisor_wait(&run->supervisor, news, patience(run, now));
        if (event == SUPERVISOR_ENDED)
            return;
        bool heard = recordings_hear(run->recordings);
        recordings_follow(run->recordings, run->report);
        tsan_logs_follow(run->tsan_logs, run->recordings, run->report);
        if (!run->deadlock)
            look_between(run, heard);
        const struct report_finding *deadlock = tell_findings(run);
        output_follow(run->output, run->report);
        if (deadlock && !run->deadlock && run->on_deadlock != CONTINUE)
            end_deadlock(run, deadlock);
        if (aborting)
            watch_abort(run);
    }
}

/* The program itself has died of the abort; the others may be writing their cores. */
static void end_rest(struct run *run) {
    if (!run->deadlock || run->on_deadlock != ABORT)
        return;
    while (signal_others(run, 0) && clock_ns(CLOCK_MONOTONIC) - run->killed_ns < ABORT_MS * 1000000ull)
        nanosleep(&(struct timespec){.tv_nsec = ABORT_LOOK_MS * 1000000L}, NULL);
    end_all(run);
}

/* Whether a process of the run goes on. One that we have killed may take a moment to be gone. */
static bool goes_on(const struct run *run, uint32_t pid) {
    for (int looks = run->deadlock ? KILLED_LOOKS : 0; looks > 0 && process_lives(pid); looks--)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return process_lives(pid);
}

/* Tell of processes that the program left running. Returns whether there are any. */
static bool tell_background(struct run *run) {
    uint32_t first = 0, last = 0;
    size_t count = 0;
    for (size_t i = 0; i < report_processes(run->report); i++) {
        const struct report_process *process = report_process(run->report, i);
        /* A process that went through exec has several recordings, one after the other. */
        if (process->state != RECORDING_LIVE || process->pid == run->facts.pid || process->pid == last ||
            !goes_on(run, process->pid))
            continue;
        first = first ? first : process->pid;
        last = process->pid;
        count++;
    }
    if (count) {
        char what[128];
        snprintf(what, sizeof what, "the program left %zu process%s running (pid %u%s)", count,
                 count == 1 ? "" : "es", first, count == 1 ? "" : " and others");
        cli_fail(what, "what happens there from now on is recorded, and not in this report", NULL);
    }
    return count > 0;
}

/* Whether the report can be trusted to be about the program: 0, or CLI_FAILED after it was told why not. */
static int check_handshake(struct run *run) {
    bool live = false, lost = false;
    const char *off = NULL;
    for (size_t i = 0; i < report_processes(run->report); i++) {
        const struct report_process *process = report_process(run->report, i);
        lost |= (process->lost & RECORDING_LOST_SPACE) != 0;
        if (process->pid == run->facts.pid && process->state >= RECORDING_LIVE) {
            live = true;
            off = process->state == RECORDING_OFF ? process->off_reason : off;
        } else if (process->state == RECORDING_OFF) {
            char what[64];
            snprintf(what, sizeof what, "gordian turned itself off in process %u", process->pid);
            cli_fail(what, process->off_reason, NULL);
        }
    }
    if (!live)
        return cli_fail(
            run->program.path, "libgordian.so was not loaded into it, so nothing is known about it",
            "does it clear its environment, end before main, or use a C library that ignores LD_PRELOAD?");
    if (off)
        return cli_fail("gordian turned itself off in the program", off, NULL);
    if (lost) {
        char what[4096];
        snprintf(what, sizeof what, "the recording in %s is incomplete", recordings_dir(run->recordings));
        return cli_fail(what, "the file system is full", "choose another directory with --out or TMPDIR");
    }
    return 0;
}

/* Also a quiet run must not pass for a clean one. */
static void tell_nothing_seen(const struct run *run) {
    uint64_t events = 0;
    for (int family = 0; family < RECORDING_FAMILIES; family++)
        events += report_events(run->report, (enum recording_family)family);
    if (!events)
        cli_fail("no lock event was seen", "this run says nothing", NULL);
}

/* The program has ended: read what is left, write the reports, choose the exit status. */
static int conclude(struct run *run, bool *keep) {
    supervisor_finish(&run->supervisor);
    int own = supervisor_status(&run->supervisor);
    progress_line_begin(run->outputs.quiet);
    recordings_finish(run->recordings, run->report);
    tsan_logs_finish(run->tsan_logs, run->report);
    int caught = tsan_logs_signal(run->tsan_logs, run->supervisor.pid);
    if (caught && own == 128 + SIGABRT) /* what it was aborted for */
        own = 128 + caught;
    run->facts.exit = own;
    run->facts.duration_s = (double)(clock_ns(CLOCK_MONOTONIC) - run->begin_ns) / 1e9;
    report_set_run(run->report, &run->facts);
    if (!run->deadlock) /* else the processes are gone because we have ended them */
        report_cross_surely(run->report);
    tell_findings(run);
    int unwritten = output_write(run->output, run->report);
    progress_line_end();
    int unseen = check_handshake(run);
    /* A report that could not be written is on stderr already. */
    if (run->outputs.quiet)
        tell_nothing_seen(run);
    else if (!run->outputs.files[OUTPUT_TEXT] && !unwritten && (!unseen || report_findings(run->report)))
        print(run, write_summary);
    *keep = (tell_background(run) || unwritten || unseen) && !run->outputs.out &&
            recordings_count(run->recordings);
    if (*keep) {
        char advice[4200];
        snprintf(advice, sizeof advice, "gordian report %s/*.rec", recordings_dir(run->recordings));
        cli_fail("the recordings are kept", advice, NULL);
    }
    int found = output_status(&run->outputs, run->report);
    if (unwritten)
        return unwritten;
    return found ? found : unseen ? unseen : own;
}

static int call(int argc, char **argv) {
    struct run run = {.outputs = OUTPUT_DEFAULTS, .children = true};
    int status = parse(&run, argc, argv);
    if (status != OPTIONS_END) {
        filter_free(run.filter);
        return status;
    }
    bool keep = false, started = false;
    status = prepare(&run, argc - optind, argv + optind);
    if (!status)
        status = start(&run, argv + optind);
    if (!status) {
        started = true;
        follow(&run);
        end_rest(&run);
        status = conclude(&run, &keep);
    }
    output_close(run.output);
    tsan_logs_close(run.tsan_logs);
    recordings_close(run.recordings, keep);
    report_free(run.report);
    filter_free(run.filter);
    free(run.library);
    free((void *)run.argv);
    if (started && status == 128 + SIGINT)
        supervisor_pass_interrupt(&run.supervisor);
    return status;
}

const struct command command_run = {
    .name = "run",
    .usage = "[OPTION...] [--] PROG ARG...",
    .summary = "run a program and report what is found",
    .about =
        "Run PROG with gordian watching it. Each finding is printed to stderr the moment it is made; the "
        "program's input and output are its own.",
    .options = {output_rows, filters_rows, rows},
    .operands = COMMAND_PROGRAM,
    .closing =
        "GORDIAN_OPTIONS in the environment reaches the library too: GORDIAN_OPTIONS=help=1 lists its "
        "options.\n"
        "Exit status: the program's own, 128+N if signal N killed it; 66 (or --exit-code) when something of "
        "severity error or warning was found; 127 and 126 for a program that is not found or cannot be "
        "executed; 125 when gordian could not do its work. A deadlocked program is stopped also when the "
        "deadlock is suppressed or known, as it would hang: the status is then that of a killed program, "
        "137.",
    .examples = {{"gordian run -- ./server --port 8080", NULL},
                 {"gordian run --json report.json -- make test", NULL},
                 {"gordian run --github - --sarif gordian.sarif -- make test", "in a step of GitHub Actions"},
                 {"gordian run --on-deadlock abort -- ./server", "then look at the core dump with gdb"},
                 {"gordian run --baseline old.json --json new.json -- ./server",
                  "fails on new findings only"}},
    .call = call,
};
