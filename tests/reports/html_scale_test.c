/* The page of a recording with 1,000 findings, 100,000 stacks and 1,000,000 dependencies stays one that a
 * browser opens, and is made in seconds. Processor time is measured: the machine may have other work. */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "reports/report_dot.h"
#include "reports/report_html.h"
#include "tests/check.h"
#include "tests/reports/scene.h"

enum {
    LOCKS = 20000,
    STACKS = 100000,
    DEPENDENCIES = 1000000,
    FINDINGS = 1000,
    THREADS = 64,
    DEPTH = 12,
    SITES = 10000
};

static struct lock_hold hold(uint32_t lock, uint32_t stack) {
    return (struct lock_hold){1 + lock % LOCKS, LOCK_EXCLUSIVE, 1 + stack % STACKS};
}

static void build(struct recording_builder *builder) {
    struct fixture_module module = fixture_module();
    struct fixture_stack ends = fixture_transfer_first();
    uint64_t addresses[DEPTH], step = (module.end - module.start) / SITES;
    builder_start(builder);
    builder_module(builder, 1, module.path, module.start, module.end, module.bias, module.build_id,
                   module.build_id_size);
    for (uint32_t i = 0; i < STACKS; i++) {
        for (uint32_t j = 0; j < DEPTH; j++)
            addresses[j] = module.start + (uint64_t)(i * 2654435761u + j * 40503u) % SITES * step;
        addresses[0] = ends.addresses[0];
        builder_stack(builder, i + 1, addresses, DEPTH);
    }
    for (uint32_t i = 1; i <= THREADS; i++)
        builder_thread(builder, i, 0, i, NULL);
    for (uint32_t i = 1; i <= LOCKS; i++)
        builder_lock(builder, i, LOCK_KIND_MUTEX, 0x7f0000000000 + i * 64, i, i);
    for (uint32_t i = 0; i < DEPENDENCIES; i++)
        builder_dependency(builder, 1 + i % THREADS, hold(i * 7 + i / LOCKS, i),
                           (struct lock_hold[]){hold(i, i + 1), hold(i * 3, i + 2)}, 2);
    for (uint32_t i = 0; i < FINDINGS; i++)
        builder_finding(builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE,
                        (struct builder_step[]){
                            {1 + i % THREADS, {hold(2 * i, 4 * i)}, 1, hold(2 * i + 1, 4 * i + 1)},
                            {2 + i % (THREADS - 1), {hold(2 * i + 1, 4 * i + 2)}, 1, hold(2 * i, 4 * i + 3)}},
                        2);
}

static double seconds(void) {
    struct rusage own, children;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
                    children.ru_stime.tv_sec) +
           1e-6 * (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec + children.ru_utime.tv_usec +
                           children.ru_stime.tv_usec);
}

TEST(a_large_recording_is_a_page_of_less_than_20_mb_in_less_than_15_s) {
    struct recording_builder builder;
    build(&builder);
    builder_save(&builder, "html_scale");
    builder_free(&builder);
    double begin = seconds();
    char error[256], *text = NULL;
    size_t size = 0;
    const char *directory = getenv("TEST_TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/html_scale.rec", directory ? directory : "/tmp");
    struct report *report = report_create();
    CHECK_EQ(report_update(report, path, error, sizeof error), 0);
    CHECK_EQ(report_findings(report), FINDINGS);
    double read = seconds();
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(report_html_write(report, out), 0);
    fclose(out);
    double html = seconds();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("read in %.1f s, page of %.1f MB in %.1f s, at most %ld MB of memory\n", read - begin,
           (double)size / 1e6, html - read, usage.ru_maxrss / 1024);
    CHECK(html - begin < 15);
    CHECK(size < 20u << 20);
    CHECK(usage.ru_maxrss / 1024 < 1024);
    CHECK(strstr(text, "More than 2,000 locks: the picture shows only those on a cycle or in a finding") !=
          NULL);
    size_t articles = 0;
    for (const char *at = text; (at = strstr(at, "<article")) != NULL; at++)
        articles++;
    CHECK_EQ(articles, FINDINGS);
    free(text);
    report_free(report);
}

CHECK_MAIN
