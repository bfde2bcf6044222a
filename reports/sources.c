#define _GNU_SOURCE
#include "reports/sources.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/frames.h"
#include "reports/table.h"

struct sources {
    struct memory_pool pool;
    const char *root;
    struct table known; /* by the address of a frame's file -> struct sources_place without its frame */
};

/* Return the path without ".", "..", and slashes that follow each other, in the pool. */
static char *normal(struct memory_pool *pool, const char *path) {
    bool absolute = *path == '/';
    char *result = memory_pool_alloc(pool, strlen(path) + 2), *end = result;
    size_t depth = 0; /* components that a ".." takes away */
    for (size_t length; *path; path += length) {
        path += strspn(path, "/");
        length = strcspn(path, "/");
        bool up = length == 2 && memcmp(path, "..", 2) == 0;
        if (!length || (length == 1 && *path == '.') || (up && absolute && !depth))
            continue;
        if (up && depth) {
            while (end > result && *--end != '/')
                continue;
            depth--;
            continue;
        }
        if (absolute || end > result)
            *end++ = '/';
        memcpy(end, path, length);
        end += length;
        depth += !up;
    }
    if (absolute && end == result)
        *end++ = '/';
    *end = '\0';
    return result;
}

static bool is_top(const char *directory) {
    char *path;
    if (asprintf(&path, "%s/.git", directory) < 0)
        return false;
    bool there = access(path, F_OK) == 0; /* a file in a linked work tree */
    free(path);
    return there;
}

static const char *find_root(struct memory_pool *pool, const char *directory) {
    char *real = realpath(directory ? directory : ".", NULL);
    const char *path = normal(pool, real ? real : directory ? directory : "/");
    free(real);
    for (char *top = memory_pool_copy(pool, path, strlen(path)), *slash; *top; *slash = '\0') {
        slash = strrchr(top, '/');
        if (is_top(top))
            return top;
        if (!slash)
            break;
    }
    return path;
}

struct sources *sources_create(const char *directory) {
    size_t capacity = 0;
    struct sources *sources = memory_array_grow(NULL, &capacity, 1, sizeof *sources);
    *sources = (struct sources){0};
    sources->root = find_root(&sources->pool, directory);
    return sources;
}

void sources_free(struct sources *sources) {
    if (!sources)
        return;
    table_free(&sources->known);
    memory_pool_free(&sources->pool);
    free(sources);
}

const char *sources_root(const struct sources *sources) {
    return sources->root;
}

/* What of an absolute path is below the root; NULL when it is not there. */
static const char *below_root(const struct sources *sources, const char *path) {
    size_t length = strcmp(sources->root, "/") == 0 ? 0 : strlen(sources->root);
    return strncmp(path, sources->root, length) == 0 && path[length] == '/' && path[length + 1]
               ? path + length + 1
               : NULL;
}

static struct sources_place place_of_path(struct sources *sources, const char *file) {
    const char *path = normal(&sources->pool, file), *below;
    if (*path != '/')
        return (struct sources_place){.path = path, .below = strncmp(path, "..", 2) != 0};
    if ((below = below_root(sources, path)) != NULL)
        return (struct sources_place){.path = below, .below = true};
    char *real = realpath(path, NULL); /* it may go by way of a link */
    if (real && (below = below_root(sources, real)) != NULL)
        below = memory_pool_copy(&sources->pool, below, strlen(below));
    free(real);
    return (struct sources_place){.path = below ? below : path, .below = below != NULL};
}

/* "<string>" and the like are what Python calls code without a file. */
static bool has_source(const struct report_frame *frame) {
    return frame->file && frame->line && *frame->file && *frame->file != '<';
}

struct sources_place sources_of_frame(struct sources *sources, const struct report_frame *frame) {
    if (!has_source(frame))
        return (struct sources_place){0};
    struct sources_place *known = table_find(&sources->known, (uintptr_t)frame->file);
    if (!known) {
        known = memory_pool_alloc(&sources->pool, sizeof *known);
        *known = place_of_path(sources, frame->file);
        table_put(&sources->known, (uintptr_t)frame->file, known);
    }
    return (struct sources_place){frame, known->path, known->below};
}

/* Whether `place` is to be shown rather than `other`, which is further out or in a later stack. */
static bool is_better(const struct sources_place *place, const struct sources_place *other) {
    return place->below || (place->frame && !other->below);
}

struct sources_place sources_of_stack(struct sources *sources, const struct report_stack *stack) {
    struct frames_walk walk = frames_begin(stack, false);
    struct sources_place best = {0};
    const struct report_frame *frame;
    while (!best.below && (frame = frames_next(&walk)) != NULL) {
        struct sources_place place = sources_of_frame(sources, frame);
        if (!is_better(&best, &place))
            best = place;
    }
    return best;
}

struct sources_place sources_of_finding(struct sources *sources, const struct report_finding *finding) {
    struct sources_place best = {0};
    for (size_t i = 0; i < finding->steps_count && !best.below; i++) {
        const struct report_step *step = &finding->steps[i];
        for (size_t j = 0; j <= step->holds_count && !best.below; j++) {
            const struct report_hold *hold = j ? &step->holds[j - 1] : &step->wants;
            if (!hold->lock)
                continue;
            struct sources_place place = sources_of_stack(sources, &hold->stack);
            if (!is_better(&best, &place))
                best = place;
        }
    }
    return best;
}

const char *sources_uri(struct memory_pool *pool, const char *path) {
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    char *uri = memory_pool_alloc(pool, strlen(path) * 3 + 1), *end = uri;
    for (const unsigned char *byte = (const unsigned char *)path; *byte; byte++) {
        if (strchr(plain, *byte)) {
            *end++ = (char)*byte;
            continue;
        }
        *end++ = '%';
        *end++ = digits[*byte >> 4];
        *end++ = digits[*byte & 15];
    }
    return uri;
}
