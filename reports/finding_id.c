#include "reports/finding_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/sides.h"
#include "reports/stable_names.h"

#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    for (const unsigned char *byte = bytes; size > 0; size--, byte++)
        hash = (hash ^ *byte) * FNV_PRIME;
    return hash;
}

/* A NUL is hashed too: it keeps one text from running into the next. */
static uint64_t hash_part(uint64_t hash, const char *text, size_t size) {
    return hash_bytes(hash_bytes(hash, text, size), "", 1);
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    return hash_part(hash, text, strlen(text));
}

/* The byte order of the machine must not matter. */
static uint64_t hash_number(uint64_t hash, uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return hash_text(hash, text);
}

/* What names the frame: the module and the function. A lambda has no name of its own: its file stands for it.
 */
static uint64_t hash_names(uint64_t hash, const struct report_frame *frame) {
    const char *file = frame->file ? frames_basename(frame->file) : "", *module = "", *function = "";
    size_t length = 0, size = 0;
    if (!frame->python && frame->module)
        module = stable_module(frame->module, &length);
    if (frame->function) {
        function = frame->function;
        size = stable_function(function);
    }
    hash = frame->python ? hash_text(hash, file) : hash_part(hash, module, length);
    if (!frame->python && frame->function && stable_is_lambda(function))
        return hash_text(hash_text(hash, "operator()"), file);
    return hash_part(hash, function, size);
}

/* A Python function has no line that it is declared on: all of its lines are one. Without debug information
 * the distance from the beginning of the function stands for the line. */
static uint64_t hash_frame(uint64_t hash, const struct report_frame *frame) {
    hash = hash_names(hash, frame);
    if (!frame->function)
        return hash_number(hash, frame->module ? frame->offset : 0);
    if (frame->line && frame->declared)
        return hash_number(hash, frame->line - frame->declared);
    return frame->within ? hash_number(hash, frame->within) : hash;
}

/* Whether the frame says which bug it is; `inner`: the one before it, NULL: none. A function that is inlined
 * into itself was split by the compiler. */
static bool counts(const struct report_frame *frame, const struct report_frame *inner) {
    if (stable_is_libc(frame) || (!frame->python && frames_is_standard(frame)))
        return false;
    if (!frame->function && stable_is_system(frame))
        return false;
    return !(inner && inner->inlined && frame->function && inner->function &&
             strcmp(inner->function, frame->function) == 0);
}

static uint64_t hash_stack(uint64_t hash, const struct report_stack *stack) {
    struct frames_walk walk = frames_begin(stack, false);
    const struct report_frame *frame, *inner = NULL;
    for (; (frame = frames_next(&walk)) != NULL; inner = frame)
        if (counts(frame, inner))
            hash = hash_frame(hash, frame);
    return hash_text(hash, "|");
}

uint64_t finding_id_stack(const struct report_stack *stack) {
    return hash_stack(FNV_BASIS, stack);
}

/* A lock without a variable is known by the place that made it. Of one between processes it is chance which
 * process saw that. */
static uint64_t hash_lock(uint64_t hash, const struct report_lock *lock) {
    const struct report_frame *made = NULL;
    hash = hash_number(hash, lock ? lock->kind : 0);
    hash = hash_text(hash, lock && lock->variable ? lock->variable : "");
    if (lock && !lock->variable && !lock->shared)
        made = frames_site(&lock->initialised);
    return made ? hash_frame(hash, made) : hash;
}

static uint64_t hash_hold(uint64_t hash, const struct report_hold *hold) {
    hash = hash_number(hash, hold->mode);
    hash = hash_lock(hash, hold->lock);
    return hash_stack(hash, &hold->stack);
}

/* Of a race only the code and the variable: what is held and whether it is the read or the write of "x++"
 * that is caught is chance. */
static uint64_t hash_access(const struct report_step *step) {
    const struct report_lock *memory = step->wants.lock;
    uint64_t hash = hash_text(FNV_BASIS, memory && memory->variable ? memory->variable : "");
    return hash_stack(hash, &step->wants.stack);
}

static uint64_t hash_step(const struct report_finding *finding, size_t index) {
    if (finding->kind == FINDING_RACE_DATA)
        return hash_access(&finding->steps[index]);
    size_t count;
    const struct report_hold *held = sides_held(finding, index, &count);
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < count; i++)
        hash = hash_hold(hash, &held[i]);
    hash = hash_text(hash, "wants");
    return hash_hold(hash, &finding->steps[index].wants);
}

/* Where the smallest rotation of a ring begins: two candidates are compared, and the loser is skipped
 * together with all places that it rules out (Shiloach 1979). O(count). */
static size_t smallest_rotation(const uint64_t *ring, size_t count) {
    size_t a = 0, b = 1, same = 0;
    while (a < count && b < count && same < count) {
        uint64_t x = ring[(a + same) % count], y = ring[(b + same) % count];
        if (x == y) {
            same++;
            continue;
        }
        if (x > y)
            a += same + 1;
        else
            b += same + 1;
        b += a == b;
        same = 0;
    }
    return a < b ? a : b;
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Sort the numbers and keep one of each. Returns how many are left: machines differ in how many threads a
 * program starts for the same work. */
static size_t distinct(uint64_t *numbers, size_t count) {
    size_t kept = 0;
    if (count)
        qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < count; i++)
        if (!i || numbers[i] != numbers[kept - 1])
            numbers[kept++] = numbers[i];
    return kept;
}

uint64_t finding_id_signature(const struct report_finding *finding) {
    size_t count = finding->steps_count, capacity = 0;
    if (finding->kind == FINDING_STARVATION && count > 1)
        count = 1; /* who had the lock last is chance */
    uint64_t *ring = memory_array_grow(NULL, &capacity, count + 1, sizeof *ring);
    for (size_t i = 0; i < count; i++)
        ring[i] = hash_step(finding, i);
    if (finding->kind == FINDING_HANG_ALL_BLOCKED)
        count = distinct(ring, count);
    size_t first = count ? smallest_rotation(ring, count) : 0;
    uint64_t hash = hash_number(FNV_BASIS, count);
    for (size_t i = 0; i < count; i++)
        hash = hash_number(hash, ring[(first + i) % count]);
    free(ring);
    return hash;
}

uint64_t finding_id_of(const struct report_finding *finding, uint64_t signature) {
    uint64_t hash = hash_number(FNV_BASIS, finding->kind);
    hash = hash_number(hash, finding->shape);
    return hash_number(hash, signature);
}
