#define _GNU_SOURCE
#include "reports/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reports/table.h"

#define PIXELS_PER_INCH 72.0
#define ANSWER_LIMIT ((size_t)256 << 20) /* bytes; more is no sensible answer */
#define SPLINE_LIMIT 10000               /* points of one edge */
#define COORDINATE_LIMIT 1e7             /* pixels */

extern char **environ;

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The graph in graphviz's language, in a file without a name: a pipe would raise SIGPIPE when the process
 * dies. */
static int write_graph(const struct layout *layout) {
    int fd = memfd_create("graph", MFD_CLOEXEC);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    fputs("digraph g {\nrankdir=LR; nodesep=0.22; ranksep=0.7; overlap=prism20; "
          "node [shape=box, fixedsize=true, label=\"\"]; edge [label=\"\"];\n",
          out);
    for (size_t i = 0; i < layout->nodes_count; i++)
        fprintf(out, "%zu [width=%.4f, height=%.4f];\n", i, layout->nodes[i].width / PIXELS_PER_INCH,
                layout->nodes[i].height / PIXELS_PER_INCH);
    for (size_t i = 0; i < layout->edges_count; i++)
        fprintf(out, "%" PRIu32 " -> %" PRIu32 ";\n", layout->edges[i].from, layout->edges[i].to);
    fputs("}\n", out);
    int copy = fflush(out) == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
    fclose(out);
    if (copy >= 0)
        lseek(copy, 0, SEEK_SET);
    return copy;
}

/* Start the program with `in` and `out` as its standard input and output. Returns 0 or a negative errno. */
static int start(const char *program, int in, int out, pid_t *pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    char *arguments[] = {(char *)program, "-Tplain", NULL};
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGCHLD);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(pid, program, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return -error;
}

/* Read all that comes until the deadline; the caller frees it. Returns 0 or a negative errno. */
static int read_answer(int fd, uint64_t deadline, char **text) {
    size_t size = 0, capacity = 0;
    *text = memory_array_grow(NULL, &capacity, 65536, 1);
    for (;;) {
        uint64_t now = now_ms();
        if (now >= deadline)
            return -ETIMEDOUT;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = poll(&wait, 1, (int)(deadline - now));
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready <= 0)
            continue;
        *text = memory_array_grow(*text, &capacity, size + 65536, 1);
        ssize_t n = read(fd, *text + size, capacity - size - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || size > ANSWER_LIMIT)
            return -EIO;
        if (n == 0)
            break;
        size += (size_t)n;
    }
    (*text)[size] = '\0';
    return 0;
}

static int run(const struct layout *layout, const char *program, unsigned limit_s, char **answer) {
    int ends[2], in = write_graph(layout);
    uint64_t deadline = now_ms() + (uint64_t)limit_s * 1000 * LAYOUT_PATIENCE;
    if (in < 0)
        return -EIO;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        close(in);
        return -EIO;
    }
    pid_t pid;
    int error = start(program, in, ends[1], &pid);
    close(in);
    close(ends[1]);
    if (!error) {
        int status = 0;
        prlimit(pid, RLIMIT_CPU, &(struct rlimit){.rlim_cur = limit_s, .rlim_max = limit_s + 1}, NULL);
        error = read_answer(ends[0], deadline, answer);
        if (error)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        /* Older posix_spawn tells a program that is not there only so. */
        if (!error && WIFEXITED(status) && WEXITSTATUS(status) == 127)
            error = -ENOENT;
        else if (!error && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
            error = -ETIMEDOUT;
        else if (!error && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
            error = -EIO;
    }
    close(ends[0]);
    return error;
}

/* The next number of the line, NAN-free and within bounds. */
static bool number(const char **at, double *value) {
    char *end;
    *value = strtod(*at, &end);
    if (end == *at || !(*value >= -COORDINATE_LIMIT && *value <= COORDINATE_LIMIT))
        return false;
    *at = end;
    return true;
}

static bool point(const struct layout *layout, const char **at, double *x, double *y) {
    if (!number(at, x) || !number(at, y))
        return false;
    *x *= PIXELS_PER_INCH;
    *y = layout->height - *y * PIXELS_PER_INCH;
    return true;
}

static bool index_of(const char **at, size_t count, uint32_t *index) {
    double value;
    if (!number(at, &value) || value < 0 || value >= (double)count)
        return false;
    *index = (uint32_t)value;
    return true;
}

static bool read_node(struct layout *layout, const char *at) {
    uint32_t node;
    return index_of(&at, layout->nodes_count, &node) &&
           point(layout, &at, &layout->nodes[node].x, &layout->nodes[node].y);
}

static bool read_edge(struct layout *layout, const struct table *edges, const char *at,
                      struct memory_pool *pool) {
    uint32_t from, to;
    double count;
    if (!index_of(&at, layout->nodes_count, &from) || !index_of(&at, layout->nodes_count, &to) ||
        !number(&at, &count) || count < 4 || count > SPLINE_LIMIT)
        return false;
    struct layout_edge *edge = table_find(edges, (uint64_t)from << 32 | to);
    double *points = memory_pool_alloc(pool, 2 * (size_t)count * sizeof *points);
    for (size_t i = 0; i < (size_t)count; i++)
        if (!point(layout, &at, &points[2 * i], &points[2 * i + 1]))
            return false;
    if (!edge)
        return false;
    edge->points = points;
    edge->count = (size_t)count - ((size_t)count - 1) % 3;
    return true;
}

/* Read graphviz's plain format: a line for each node and edge. */
static int parse(struct layout *layout, const char *text, struct memory_pool *pool) {
    struct table edges = {0};
    size_t nodes = 0;
    bool valid = true, whole = false;
    double scale;
    for (size_t i = 0; i < layout->edges_count; i++)
        table_put(&edges, (uint64_t)layout->edges[i].from << 32 | layout->edges[i].to, &layout->edges[i]);
    for (const char *line = text, *end; valid && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            break;
        if (strncmp(line, "graph ", 6) == 0) {
            const char *at = line + 6;
            valid = number(&at, &scale) && number(&at, &layout->width) && number(&at, &layout->height);
            layout->width *= PIXELS_PER_INCH;
            layout->height *= PIXELS_PER_INCH;
        } else if (strncmp(line, "node ", 5) == 0) {
            valid = read_node(layout, line + 5);
            nodes++;
        } else if (strncmp(line, "edge ", 5) == 0) {
            valid = read_edge(layout, &edges, line + 5, pool);
        } else if (strncmp(line, "stop", 4) == 0) {
            whole = true;
        }
    }
    table_free(&edges);
    return valid && whole && nodes == layout->nodes_count ? 0 : -EIO;
}

int layout_run(struct layout *layout, const char *program, unsigned limit_s, struct memory_pool *pool) {
    char *answer = NULL;
    int error = run(layout, program, limit_s, &answer);
    if (!error)
        error = parse(layout, answer, pool);
    free(answer);
    return error;
}
