#include "reports/race_text.h"

#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/message.h"
#include "reports/message_race.h"
#include "reports/numbers.h"
#include "reports/stack_text.h"

void race_text_step(const struct report_finding *finding, const struct report_step *step,
                    const struct report_style *style, struct memory_pool *pool, FILE *out) {
    const char *held = message_held(pool, finding, step);
    uint64_t size = step->access->size;
    fprintf(out, "    %s ", message_access(step));
    if (style->colour)
        fputs("\033[1m", out);
    escape_write(step->wants.lock ? message_lock(pool, finding, step->wants.lock) : "memory", out);
    if (style->colour)
        fputs("\033[0m", out);
    if (size)
        fprintf(out, " (%" PRIu64 " byte%s)", size, numbers_plural(size));
    if (held) {
        fputs(", ", out);
        escape_write(held, out);
        fputc(',', out);
    }
    fputs(" at\n", out);
    stack_text_write(&step->wants.stack, style, 8, out);
}

void race_text_place(const struct report_finding *finding, const struct report_lock *lock,
                     const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    bool told = !lock->variable && !lock->size && !lock->initialised.count && strstr(lock->name, " at 0x");
    if (told) /* the name says it all */
        return;
    fputs("\n  ", out);
    escape_write(message_lock(&pool, finding, lock), out);
    fputs(": ", out);
    if (lock->size)
        fprintf(out, "%" PRIu64 " byte%s of ", lock->size, numbers_plural(lock->size));
    fprintf(out, "memory at 0x%" PRIx64, lock->address);
    fputs(lock->initialised.count ? ", allocated at\n" : "\n", out);
    if (lock->initialised.count)
        stack_text_write(&lock->initialised, style, 8, out);
    memory_pool_free(&pool);
}
