#include "reports/sides.h"

#include "reports/message.h"

static bool is_ring(uint32_t kind) {
    return kind == FINDING_DEADLOCK_POTENTIAL || kind == FINDING_DEADLOCK_ACTUAL ||
           kind == FINDING_ORDER_SINGLE_THREAD;
}

const struct report_hold *sides_held(const struct report_finding *finding, size_t step, size_t *count) {
    const struct report_hold *knot = message_knot_hold(finding, step);
    *count = 1;
    if (knot)
        return knot;
    /* A writer that only waits blocks new readers without holding anything: a step of a ring all the same. */
    *count = is_ring(finding->kind) ? 0 : finding->steps[step].holds_count;
    return finding->steps[step].holds;
}

struct sides sides_begin(const struct report_finding *finding) {
    return (struct sides){.finding = finding};
}

const struct report_hold *sides_next(struct sides *sides) {
    for (;;) {
        while (sides->held_count) {
            sides->held_count--;
            if ((sides->held++)->lock)
                return sides->held - 1;
        }
        if (sides->wants) {
            const struct report_step *step = &sides->finding->steps[sides->step - 1];
            sides->wants = false;
            if (step->wants.lock)
                return &step->wants;
        }
        if (sides->step == sides->finding->steps_count)
            return NULL;
        sides->held = sides_held(sides->finding, sides->step++, &sides->held_count);
        sides->wants = true;
    }
}
