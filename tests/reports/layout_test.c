#include "reports/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

/* A square of four boxes. */
static struct layout square(struct layout_node nodes[4], struct layout_edge edges[4]) {
    for (uint32_t i = 0; i < 4; i++) {
        nodes[i] = (struct layout_node){.width = 80, .height = 26};
        edges[i] = (struct layout_edge){.from = i, .to = (i + 1) % 4};
    }
    return (struct layout){.nodes = nodes, .nodes_count = 4, .edges = edges, .edges_count = 4};
}

static bool apart(const struct layout_node *a, const struct layout_node *b) {
    double dx = a->x - b->x, dy = a->y - b->y;
    return dx * dx >= 80.0 * 80 || dy * dy >= 26.0 * 26;
}

TEST(graphviz_places_boxes_apart_and_draws_the_edges) {
    static const char *const programs[] = {"dot", "sfdp"};
    for (size_t p = 0; p < 2; p++) {
        struct memory_pool pool = {0};
        struct layout_node nodes[4];
        struct layout_edge edges[4];
        struct layout layout = square(nodes, edges);
        CHECK_EQ(layout_run(&layout, programs[p], 60, &pool), 0);
        for (size_t i = 0; i < 4; i++) {
            CHECK(nodes[i].x >= 40 - 1 && nodes[i].x <= layout.width - 40 + 1);
            CHECK(nodes[i].y >= 13 - 1 && nodes[i].y <= layout.height - 13 + 1);
            for (size_t j = 0; j < i; j++)
                CHECK(apart(&nodes[i], &nodes[j]));
            CHECK(edges[i].points != NULL);
            CHECK_EQ(edges[i].count % 3, 1);
        }
        memory_pool_free(&pool);
    }
}

/* Let "dot" be a script that does this. */
static int with_script(const char *script, unsigned limit_s) {
    const char *directory = getenv("TEST_TMPDIR");
    static char before[4096];
    char path[4096];
    struct memory_pool pool = {0};
    struct layout_node nodes[4];
    struct layout_edge edges[4];
    struct layout layout = square(nodes, edges);
    snprintf(before, sizeof before, "%s", getenv("PATH") ? getenv("PATH") : "");
    snprintf(path, sizeof path, "%s/dot", directory ? directory : "/tmp");
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    if (!file)
        return 0;
    fprintf(file, "#!/bin/sh\n%s\n", script);
    fclose(file);
    chmod(path, 0755);
    setenv("PATH", directory ? directory : "/tmp", 1);
    int status = layout_run(&layout, "dot", limit_s, &pool);
    setenv("PATH", before, 1);
    unlink(path);
    memory_pool_free(&pool);
    return status;
}

TEST(what_goes_wrong_with_graphviz_is_told_apart) {
    static const char head[] = "echo graph 1 2 2; for i in 0 1 2 3; do echo node $i 1 1; done;";
    char script[512];
    struct memory_pool pool = {0};
    CHECK_EQ(layout_run(&(struct layout){0}, "no-such-program-of-graphviz", 1, &pool), -ENOENT);
    snprintf(script, sizeof script, "%s echo edge 0 1 4 0 0 1 1 1 1 2 2; echo stop", head);
    CHECK_EQ(with_script(script, 60), 0);
    CHECK_EQ(with_script("exec /bin/sleep 600", 1), -ETIMEDOUT);
    CHECK_EQ(with_script("while :; do :; done", 1), -ETIMEDOUT);
    CHECK_EQ(with_script("exit 1", 60), -EIO);
    CHECK_EQ(with_script("kill -11 $$", 60), -EIO);
    CHECK_EQ(with_script("echo what is this", 60), -EIO);
    CHECK_EQ(with_script(head, 60), -EIO); /* cut off */
    CHECK_EQ(with_script("echo graph 1 2 2; echo node 0 1 1; echo stop", 60), -EIO);
    static const char *const wrong[] = {"node 4 1 1",
                                        "node -1 1 1",
                                        "node 0 nan 1",
                                        "node 0 1e300 1",
                                        "edge 0 2 4 0 0 1 1 1 1 2 2",
                                        "edge 0 1 4 0 0 1 1 1 1",
                                        "edge 0 1 3 0 0 1 1 1 1",
                                        "edge 0 1 1e9 0 0",
                                        "graph 1 x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(script, sizeof script, "%s echo %s; echo stop", head, wrong[i]);
        CHECK_EQ(with_script(script, 60), -EIO);
    }
    memory_pool_free(&pool);
}

CHECK_MAIN
