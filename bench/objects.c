/* objects KIND COUNT: a program with many of one kind of thing, for what memory gordian takes for each, and
 * whether it stays bounded.
 *
 *   locks         mutexes that live at the same time, each taken once
 *   dependencies  different pairs of a held and a wanted mutex
 *   stacks        the same dependencies, each with a stack of its own
 *   walks         different stacks, all with the same two mutexes: nothing has to be kept of them
 *   short_lived   mutexes that are made, taken under another, left and destroyed, one after the other, on the
 * heap short_alone   the same, taken with nothing else held threads       threads that are created and
 * joined, each of which takes a mutex tangle        threads that take pairs of COUNT mutexes in any order:
 * one strongly connected component start         nothing: a program without threads
 *
 * All of it is done by a created thread. Prints a line "NAME VALUE" for each figure: resident and anonymous
 * (bytes, when all is done and still alive), frames (of each stack, for stacks), count (as it was made), time
 * (ns for each, by the processor time).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TANGLERS = 8 };

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static uint64_t wanted_count, made_count;
static unsigned frames;

static pthread_mutex_t *make(uint64_t count) {
    pthread_mutex_t *mutexes = calloc(count, sizeof *mutexes);
    if (!mutexes)
        abort();
    for (uint64_t i = 0; i < count; i++)
        pthread_mutex_init(&mutexes[i], NULL);
    return mutexes;
}

static void make_locks(void) {
    pthread_mutex_t *mutexes = make(wanted_count);
    for (uint64_t i = 0; i < wanted_count; i++) {
        pthread_mutex_lock(&mutexes[i]);
        pthread_mutex_unlock(&mutexes[i]);
    }
    made_count = wanted_count;
}

static uint64_t locks_for(uint64_t dependencies) {
    uint64_t locks = 2;
    while (locks * (locks - 1) / 2 < dependencies)
        locks++;
    return locks;
}

/* Each of few locks before each that comes later. */
static void make_dependencies(void) {
    uint64_t locks = locks_for(wanted_count);
    pthread_mutex_t *mutexes = make(locks);
    for (uint64_t i = 0; i < locks; i++)
        for (uint64_t j = i + 1; j < locks && made_count < wanted_count; j++, made_count++) {
            pthread_mutex_lock(&mutexes[i]);
            pthread_mutex_lock(&mutexes[j]);
            pthread_mutex_unlock(&mutexes[j]);
            pthread_mutex_unlock(&mutexes[i]);
        }
}

/* A binary tree of calls, whose branches the compiler must not make one. */
__attribute__((noinline)) static void wrap(pthread_mutex_t *mutex, uint64_t path, unsigned levels) {
    if (levels == 0) {
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
    } else if (path & 1) {
        wrap(mutex, path >> 1, levels - 1);
        __asm__ volatile("# one" ::: "memory");
    } else {
        wrap(mutex, path >> 1, levels - 1);
        __asm__ volatile("# the other" ::: "memory");
    }
}

static unsigned levels_for(uint64_t stacks) {
    unsigned levels = 0;
    while ((uint64_t)1 << levels < stacks)
        levels++;
    frames = levels + 5; /* and the end of the tree, two functions of ours, and libc's two */
    return levels;
}

/* The dependencies of make_dependencies, each with a stack of its own. */
static void make_stacks(void) {
    unsigned levels = levels_for(wanted_count);
    uint64_t locks = locks_for(wanted_count);
    pthread_mutex_t *mutexes = make(locks);
    for (uint64_t i = 0; i < locks; i++)
        for (uint64_t j = i + 1; j < locks && made_count < wanted_count; j++, made_count++) {
            pthread_mutex_lock(&mutexes[i]);
            wrap(&mutexes[j], made_count, levels);
            pthread_mutex_unlock(&mutexes[i]);
        }
}

static void make_walks(void) {
    unsigned levels = levels_for(wanted_count);
    for (; made_count < wanted_count; made_count++) {
        pthread_mutex_lock(&outer);
        wrap(&inner, made_count, levels);
        pthread_mutex_unlock(&outer);
    }
}

static void make_short_lived(pthread_mutex_t *under) {
    for (; made_count < wanted_count; made_count++) {
        pthread_mutex_t *mutex = malloc(sizeof *mutex);
        if (!mutex)
            abort();
        pthread_mutex_init(mutex, NULL);
        if (under)
            pthread_mutex_lock(under);
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
        if (under)
            pthread_mutex_unlock(under);
        pthread_mutex_destroy(mutex);
        free(mutex);
    }
}

static void make_short_lived_under(void) {
    make_short_lived(&outer);
}

static void make_short_lived_alone(void) {
    make_short_lived(NULL);
}

static void *take_once(void *mutex) {
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

static void make_threads(void) {
    for (; made_count < wanted_count; made_count++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, take_once, &inner) != 0)
            abort();
        pthread_join(thread, NULL);
    }
}

/* The threads run one after the other, so that nothing ever blocks; their creator lives on, so that nothing
 * orders them. */
struct tangler {
    pthread_mutex_t *mutexes;
    uint64_t state;
    int number;
};

static uint64_t random_below(uint64_t *state, uint64_t bound) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * 0x2545f4914f6cdd1du >> 33) % bound;
}

static pthread_barrier_t turn_over;

static void *tangle(void *argument) {
    struct tangler *tangler = argument;
    int number = tangler->number;
    for (int turn = 0; turn < TANGLERS; turn++) {
        if (turn == number)
            for (uint64_t i = 0; i < wanted_count; i++) {
                uint64_t a = i, b = (i + 1 + random_below(&tangler->state, wanted_count - 1)) % wanted_count;
                pthread_mutex_lock(&tangler->mutexes[a]);
                pthread_mutex_lock(&tangler->mutexes[b]);
                pthread_mutex_unlock(&tangler->mutexes[b]);
                pthread_mutex_unlock(&tangler->mutexes[a]);
            }
        pthread_barrier_wait(&turn_over);
    }
    return NULL;
}

static void make_tangle(void) {
    pthread_mutex_t *mutexes = make(wanted_count);
    pthread_t threads[TANGLERS];
    struct tangler tanglers[TANGLERS];
    pthread_barrier_init(&turn_over, NULL, TANGLERS);
    for (int i = 0; i < TANGLERS; i++) {
        tanglers[i] = (struct tangler){mutexes, 0x9e3779b97f4a7c15u * (uint64_t)(i + 1), i};
        if (pthread_create(&threads[i], NULL, tangle, &tanglers[i]) != 0)
            abort();
    }
    for (int i = 0; i < TANGLERS; i++)
        pthread_join(threads[i], NULL);
    made_count = wanted_count;
}

static const struct {
    const char *name;
    void (*make)(void);
} kinds[] = {{"locks", make_locks},
             {"dependencies", make_dependencies},
             {"stacks", make_stacks},
             {"walks", make_walks},
             {"short_lived", make_short_lived_under},
             {"short_alone", make_short_lived_alone},
             {"threads", make_threads},
             {"tangle", make_tangle}};

static double processor_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

/* Print a line of the kernel's, "Name: N kB", in bytes, if it begins so. */
static void print_line(const char *line, const char *begin, const char *name) {
    size_t length = strlen(begin);
    if (strncmp(line, begin, length) == 0)
        printf("%s %lu\n", name, strtoul(line + length, NULL, 10) * 1024);
}

static void print_memory(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    if (!file)
        abort();
    while (fgets(line, sizeof line, file)) {
        print_line(line, "Rss:", "resident");
        print_line(line, "Anonymous:", "anonymous");
    }
    fclose(file);
}

static void *run(void *make_kind) {
    void (*make_it)(void) = *(void (**)(void))make_kind;
    double start = processor_ns();
    make_it();
    printf("time %.1f\n", (processor_ns() - start) / (double)made_count);
    printf("count %llu\nframes %u\n", (unsigned long long)made_count, frames);
    print_memory();
    return NULL;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "start") == 0)
        return 0;
    wanted_count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    for (size_t i = 0; wanted_count > 1 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        pthread_t thread;
        void (*make_it)(void) = kinds[i].make;
        if (pthread_create(&thread, NULL, run, &make_it) != 0)
            abort();
        pthread_join(thread, NULL);
        return 0;
    }
    fprintf(stderr, "usage: objects start | "
                    "locks|dependencies|stacks|walks|short_lived|short_alone|threads|tangle COUNT\n");
    return 2;
}
