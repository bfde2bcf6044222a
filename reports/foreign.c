#include "reports/foreign.h"

#include <string.h>

/* An array in a pool that grows: what it leaves behind is no more than it is. */
static void *grown(struct memory_pool *pool, void *array, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 4;
    void *wider = memory_pool_alloc(pool, *capacity * size);
    if (count)
        memcpy(wider, array, count * size);
    return wider;
}

struct foreign_step *foreign_add_step(struct memory_pool *pool, struct foreign_report *report) {
    if (report->steps_count >= FOREIGN_PARTS) {
        report->cut = true;
        return NULL;
    }
    report->steps =
        grown(pool, report->steps, &report->steps_capacity, report->steps_count, sizeof *report->steps);
    struct foreign_step *step = &report->steps[report->steps_count++];
    *step = (struct foreign_step){.wants.lock = FOREIGN_NOTHING};
    return step;
}

struct foreign_hold *foreign_add_hold(struct memory_pool *pool, struct foreign_report *report,
                                      struct foreign_step *step) {
    if (step->holds_count >= FOREIGN_PARTS) {
        report->cut = true;
        return NULL;
    }
    step->holds = grown(pool, step->holds, &step->holds_capacity, step->holds_count, sizeof *step->holds);
    struct foreign_hold *hold = &step->holds[step->holds_count++];
    *hold = (struct foreign_hold){.lock = FOREIGN_NOTHING};
    return hold;
}

uint32_t foreign_lock(struct memory_pool *pool, struct foreign_report *report, const char *label,
                      uint64_t address) {
    for (size_t i = 0; i < report->locks_count; i++) {
        struct foreign_lock *lock = &report->locks[i];
        bool same =
            label && lock->label ? strcmp(label, lock->label) == 0 : address && lock->address == address;
        if (!same)
            continue;
        if (!lock->address)
            lock->address = address;
        return (uint32_t)i;
    }
    if (report->locks_count >= FOREIGN_PARTS) {
        report->cut = true;
        return FOREIGN_NOTHING;
    }
    report->locks =
        grown(pool, report->locks, &report->locks_capacity, report->locks_count, sizeof *report->locks);
    report->locks[report->locks_count] = (struct foreign_lock){.label = label, .address = address};
    return (uint32_t)report->locks_count++;
}

struct foreign_thread *foreign_thread(struct memory_pool *pool, struct foreign_report *report,
                                      uint32_t number) {
    if (!number)
        return NULL;
    for (size_t i = 0; i < report->threads_count; i++)
        if (report->threads[i].number == number)
            return &report->threads[i];
    if (report->threads_count >= FOREIGN_PARTS) {
        report->cut = true;
        return NULL;
    }
    report->threads = grown(pool, report->threads, &report->threads_capacity, report->threads_count,
                            sizeof *report->threads);
    struct foreign_thread *thread = &report->threads[report->threads_count++];
    *thread = (struct foreign_thread){.number = number};
    return thread;
}

void foreign_frames_add(struct memory_pool *pool, struct foreign_frames *frames,
                        const struct report_frame *frame) {
    if (frames->count >= FOREIGN_FRAMES) {
        frames->cut = true;
        return;
    }
    frames->frames = grown(pool, frames->frames, &frames->capacity, frames->count, sizeof *frames->frames);
    frames->frames[frames->count++] = *frame;
}
