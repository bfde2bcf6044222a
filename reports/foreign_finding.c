#include "reports/foreign_finding.h"

#include <inttypes.h>
#include <string.h>

#include "reports/frames.h"
#include "reports/names.h"

/* The parts of one report as they become the parts of a finding. */
struct maker {
    const struct foreign_subject *subject;
    const struct foreign_report *report;
    const struct report_thread **threads; /* by index in the report */
    const struct report_thread *unknown;
    const struct report_lock **locks; /* by index in the report */
    const struct report_lock *place;
    uint32_t next_thread, next_lock; /* numbers that no part has */
};

/* ---- stacks ---- */

/* The module of the process that the tool names, by its path or only by the last part of it. */
static const struct facts_module *module_of(const struct foreign_subject *subject, const char *name) {
    const struct facts_module *same_base = NULL;
    if (!name)
        return NULL;
    for (size_t i = facts_modules(subject->resolver->facts); i > 0; i--) {
        const struct facts_module *module = facts_module(subject->resolver->facts, i - 1);
        if (strcmp(module->path, name) == 0)
            return module;
        if (!strchr(name, '/') && strcmp(frames_basename(module->path), name) == 0)
            same_base = module;
    }
    return same_base;
}

static size_t build_id_bytes(const char *hex, uint8_t *bytes, size_t room) {
    size_t count = 0;
    for (; hex && hex[0] && hex[1] && count < room; hex += 2) {
        unsigned value = 0;
        for (int i = 0; i < 2; i++)
            value = value * 16 + (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        bytes[count++] = (uint8_t)value;
    }
    return count;
}

/* The frames at the place that the tool's frame names; none when they cannot be had. */
static struct report_stack resolved(const struct foreign_subject *subject, const struct report_frame *frame) {
    struct report_stack stack = {0};
    struct symbols_image *image = NULL;
    if (subject->resolver) {
        const struct facts_module *module = module_of(subject, frame->module);
        image = module ? resolver_image(subject->resolver, module) : NULL;
    } else if (!frame->function && frame->module && frame->build_id) {
        uint8_t id[36];
        size_t size = build_id_bytes(frame->build_id, id, sizeof id);
        image = symbols_image(subject->symbols, frame->module, id, size, UINT64_MAX);
    }
    if (image)
        stack = symbols_frames(subject->symbols, image, frame->offset);
    return stack.count && stack.frames[0].function ? stack : (struct report_stack){0};
}

static const char *copied(struct memory_pool *pool, const char *text) {
    return text ? memory_pool_copy(pool, text, strlen(text)) : NULL;
}

/* The runtime of Valgrind's tools stands between the program and what it called, and below a thread's first
 * function. */
static bool is_runtime(const struct report_frame *frame) {
    return frames_is_ours(frame) ||
           (frame->module && strncmp(frames_basename(frame->module), "vgpreload_", 10) == 0);
}

static struct report_stack stack_of(const struct foreign_subject *subject, const struct report_stack *from) {
    struct foreign_frames to = {.cut = from->cut && from->count};
    for (size_t i = 0, next; i < from->count; i = next) {
        struct report_frame frame = from->frames[i];
        struct report_stack whole = resolved(subject, &frame);
        next = i + 1;
        if (whole.count) {
            /* The tool has told the inlined calls at this place one by one, too. */
            while (next < from->count && next - i < whole.count &&
                   from->frames[next].offset == frame.offset && from->frames[next].module && frame.module &&
                   strcmp(from->frames[next].module, frame.module) == 0)
                next++;
            for (size_t k = 0; k < whole.count; k++)
                if (!is_runtime(&whole.frames[k]))
                    foreign_frames_add(subject->pool, &to, &whole.frames[k]);
            continue;
        }
        frame.function = copied(subject->pool, frame.function);
        frame.file = copied(subject->pool, frame.file);
        frame.module = copied(subject->pool, frame.module);
        frame.build_id = copied(subject->pool, frame.build_id);
        /* One of the calls at the same place is in the next frame. */
        frame.inlined = next < from->count && frame.offset && from->frames[next].offset == frame.offset &&
                        from->frames[next].module && frame.module &&
                        strcmp(from->frames[next].module, frame.module) == 0 && frame.function &&
                        from->frames[next].function &&
                        strcmp(from->frames[next].function, frame.function) != 0;
        if (!is_runtime(&frame))
            foreign_frames_add(subject->pool, &to, &frame);
    }
    return (struct report_stack){to.frames, to.count, to.cut};
}

/* The stack from the first frame that is not one of the tool's or the C library's ways to make a thread. */
static struct report_stack creation_of(const struct foreign_subject *subject,
                                       const struct report_stack *from) {
    size_t first = 0;
    for (size_t i = 0; i < from->count; i++)
        if (from->frames[i].module && strncmp(frames_basename(from->frames[i].module), "vgpreload_", 10) == 0)
            first = i + 1;
    struct report_stack outer = {from->frames + first, from->count - first, from->cut};
    return stack_of(subject, outer.count ? &outer : from);
}

/* The stack of an allocation without the allocator's own frames. */
static struct report_stack allocation_of(const struct foreign_subject *subject,
                                         const struct report_stack *from) {
    static const char *const names[] = {
        "malloc",        "calloc",         "realloc", "reallocarray", "memalign",
        "aligned_alloc", "posix_memalign", "valloc",  "pvalloc",      NULL};
    struct report_stack stack = stack_of(subject, from);
    while (stack.count > 1) {
        const char *name = stack.frames[0].function ? stack.frames[0].function : "";
        bool allocator = strncmp(name, "operator new", 12) == 0;
        const char *plain = strstr(name, "interceptor_");
        plain = plain ? plain + strlen("interceptor_") : name;
        for (size_t i = 0; names[i]; i++)
            allocator |= strcmp(plain, names[i]) == 0;
        if (!allocator)
            break;
        stack.frames++;
        stack.count--;
    }
    return stack;
}

/* ---- threads ---- */

static const struct foreign_thread *told_thread(const struct foreign_report *report, uint32_t number) {
    for (size_t i = 0; number && i < report->threads_count; i++)
        if (report->threads[i].number == number)
            return &report->threads[i];
    return NULL;
}

/* The number that the process's recording gives this thread; 0 when it does not know it. */
static uint32_t recorded_thread(const struct foreign_subject *subject, const struct foreign_report *report,
                                uint32_t number) {
    if (!subject->resolver || !number)
        return 0;
    if (number == 1)
        return facts_thread(subject->resolver->facts, 1) ? 1 : 0;
    const struct foreign_thread *told = told_thread(report, number);
    const struct facts_thread *fact =
        told && told->tid ? facts_thread_of(subject->resolver->facts, told->tid) : NULL;
    return fact ? fact->id : 0;
}

static const struct report_thread *make_thread(struct maker *maker, uint32_t number,
                                               const struct foreign_thread *told) {
    const struct foreign_subject *subject = maker->subject;
    uint32_t recorded = recorded_thread(subject, maker->report, number);
    if (recorded)
        return resolver_thread(subject->resolver, recorded);
    struct report_thread *thread = memory_pool_alloc(subject->pool, sizeof *thread);
    /* Among threads of the recording the tool's number may be another's. */
    thread->id = memory_pool_format(subject->pool, "T%" PRIu32,
                                    subject->resolver && number ? maker->next_thread++ : number);
    thread->pid = subject->process->pid;
    thread->name =
        names_thread(subject->pool, thread->id, number,
                     told && told->name ? copied(subject->pool, told->name) : "", subject->process->exe);
    if (!told)
        return thread;
    thread->tid = told->tid;
    uint32_t creator = recorded_thread(subject, maker->report, told->creator);
    if (told->creator && (creator || !subject->resolver))
        thread->creator = memory_pool_format(subject->pool, "T%" PRIu32, creator ? creator : told->creator);
    thread->created = creation_of(subject, &told->created);
    return thread;
}

static const struct report_thread *thread_of(struct maker *maker, uint32_t number) {
    const struct foreign_report *report = maker->report;
    const struct foreign_thread *told = told_thread(report, number);
    const struct report_thread **slot = told ? &maker->threads[told - report->threads] : &maker->unknown;
    if (!told && number == 1)
        slot = &maker->threads[report->threads_count]; /* main, of which nothing is told */
    else if (!told && number)
        return make_thread(maker, number, NULL);
    if (!*slot)
        *slot = make_thread(maker, number, told);
    return *slot;
}

/* ---- locks ---- */

static const struct facts_lock *recorded_lock(const struct foreign_subject *subject,
                                              const struct foreign_lock *told) {
    bool lock = told->kind != LOCK_KIND_THREAD && told->kind != LOCK_KIND_CONDITION && told->address;
    return subject->resolver && lock ? facts_lock_at(subject->resolver->facts, told->address) : NULL;
}

static bool makes(const struct report_stack *stack) {
    const char *name = stack->count && stack->frames[0].function ? stack->frames[0].function : "";
    return strstr(name, "init") != NULL;
}

static const struct report_lock *make_lock(struct maker *maker, const struct foreign_lock *told) {
    const struct foreign_subject *subject = maker->subject;
    const struct facts_lock *fact = recorded_lock(subject, told);
    if (fact)
        return resolver_lock(subject->resolver, fact->id);
    struct report_lock *lock = memory_pool_alloc(subject->pool, sizeof *lock);
    lock->id = memory_pool_format(subject->pool, "L%" PRIu32, maker->next_lock++);
    lock->kind = told->kind;
    lock->address = told->address;
    if (told->kind == LOCK_KIND_THREAD) {
        lock->name = thread_of(maker, (uint32_t)told->address)->name;
        return lock;
    }
    if (makes(&told->created))
        lock->initialised = stack_of(subject, &told->created);
    else
        lock->first = stack_of(subject, &told->created);
    lock->name = names_lock(subject->pool, lock, NULL, 0);
    if (!lock->initialised.count && !lock->first.count && !told->address)
        lock->name = memory_pool_format(subject->pool, "a %s", names_kind(lock->kind));
    else if (!lock->initialised.count && !lock->first.count && told->label)
        lock->name = memory_pool_format(subject->pool, "%s %s", names_kind(lock->kind), told->label);
    return lock;
}

static const struct report_lock *lock_of(struct maker *maker, uint32_t index) {
    if (index == FOREIGN_NOTHING || index >= maker->report->locks_count)
        return NULL;
    if (!maker->locks[index])
        maker->locks[index] = make_lock(maker, &maker->report->locks[index]);
    return maker->locks[index];
}

/* The symbol that covers the address, by the recording's modules. */
static const char *variable_at(const struct foreign_subject *subject, uint64_t address, uint64_t *distance) {
    const struct facts_module *module =
        subject->resolver && address ? facts_module_at(subject->resolver->facts, address, UINT64_MAX) : NULL;
    return module
               ? symbols_variable(resolver_image(subject->resolver, module), address - module->bias, distance)
               : NULL;
}

/* ThreadSanitizer of gcc names a local static with its compiler's number ("m.1"), clang with its function
 * ("destroyed.m"). */
static const char *variable_name(struct memory_pool *pool, const char *name) {
    const char *dot = strrchr(name, '.');
    bool numbered = dot && dot > name && dot[1] && dot[1 + strspn(dot + 1, "0123456789")] == '\0';
    return numbered ? memory_pool_copy(pool, name, (size_t)(dot - name)) : copied(pool, name);
}

static const char *place_name(struct maker *maker, const struct report_lock *lock) {
    const struct foreign_place *place = &maker->report->place;
    struct memory_pool *pool = maker->subject->pool;
    const char *at = names_place(pool, &lock->initialised);
    const char *whose = place->thread ? thread_of(maker, place->thread)->name : "a thread";
    switch (place->kind) {
    case FOREIGN_PLACE_HEAP:
        if (place->size)
            return memory_pool_format(pool, "heap block of %" PRIu64 " bytes%s%s", place->size,
                                      at ? " allocated at " : "", at ? at : "");
        return memory_pool_format(pool, "heap block%s%s", at ? " allocated at " : "", at ? at : "");
    case FOREIGN_PLACE_STACK:
        return memory_pool_format(pool, "the stack of %s", whose);
    case FOREIGN_PLACE_TLS:
        return memory_pool_format(pool, "thread-local memory of %s", whose);
    case FOREIGN_PLACE_DESCRIPTOR:
        return memory_pool_format(pool, "file descriptor %" PRIu64, place->size);
    default:
        return lock->address ? memory_pool_format(pool, "memory at 0x%" PRIx64, lock->address) : "memory";
    }
}

/* What is raced for, as an object that the steps want. */
static const struct report_lock *place_of(struct maker *maker) {
    const struct foreign_report *report = maker->report;
    const struct foreign_subject *subject = maker->subject;
    struct memory_pool *pool = subject->pool;
    struct report_lock *lock = memory_pool_alloc(pool, sizeof *lock);
    lock->id = memory_pool_format(pool, "L%" PRIu32, maker->next_lock++);
    lock->kind = LOCK_KIND_MEMORY;
    lock->address = report->place.address ? report->place.address
                    : report->steps_count ? report->steps[0].access.address
                                          : 0;
    if (report->place.kind != FOREIGN_PLACE_DESCRIPTOR)
        lock->size = report->place.size;
    lock->initialised = allocation_of(subject, &report->place.allocated);
    uint64_t distance = 0;
    bool global = report->place.kind == FOREIGN_PLACE_GLOBAL || report->place.kind == FOREIGN_PLACE_NONE;
    const char *variable = global && report->steps_count
                               ? variable_at(subject, report->steps[0].access.address, &distance)
                               : NULL;
    if (variable)
        lock->variable = variable;
    else if (report->place.name)
        lock->variable = variable_name(pool, report->place.name);
    lock->name = lock->variable ? lock->variable : place_name(maker, lock);
    return lock;
}

/* ---- the whole ---- */

/* Numbers beyond those of the recording's parts. */
static uint32_t beyond(const struct foreign_report *report, const struct resolver *resolver, bool threads) {
    uint32_t next = 1;
    if (!resolver)
        return next;
    if (threads)
        return (uint32_t)facts_threads(resolver->facts) + 1;
    for (size_t i = 0; i < report->locks_count; i++) {
        const struct facts_lock *fact =
            report->locks[i].address ? facts_lock_at(resolver->facts, report->locks[i].address) : NULL;
        next = fact && fact->id >= next ? fact->id + 1 : next;
    }
    return next;
}

static struct report_hold hold_of(struct maker *maker, const struct foreign_hold *from) {
    return (struct report_hold){.lock = lock_of(maker, from->lock),
                                .mode = from->mode,
                                .stack = stack_of(maker->subject, &from->stack)};
}

static struct report_step step_of(struct maker *maker, const struct foreign_step *from) {
    struct memory_pool *pool = maker->subject->pool;
    struct report_hold *holds = memory_pool_alloc(pool, (from->holds_count + 1) * sizeof *holds);
    for (size_t i = 0; i < from->holds_count; i++)
        holds[i] = hold_of(maker, &from->holds[i]);
    struct report_step step = {.thread = thread_of(maker, from->thread),
                               .holds = holds,
                               .holds_count = from->holds_count,
                               .wants = hold_of(maker, &from->wants)};
    if (step.wants.lock && step.wants.lock->kind == LOCK_KIND_THREAD) /* the recording may know more */
        step.wants.stack = thread_of(maker, (uint32_t)step.wants.lock->address)->created;
    if (maker->report->kind == FINDING_RACE_DATA) {
        struct report_access *access = memory_pool_alloc(pool, sizeof *access);
        *access = from->access;
        step.access = access;
        step.wants.lock = maker->place;
    }
    return step;
}

struct report_finding foreign_finding_of(const struct foreign_subject *subject,
                                         const struct foreign_report *report, size_t *holds) {
    struct memory_pool *pool = subject->pool;
    struct maker maker = {.subject = subject, .report = report};
    maker.next_thread = beyond(report, subject->resolver, true);
    maker.next_lock = beyond(report, subject->resolver, false);
    maker.threads = memory_pool_alloc(pool, (report->threads_count + 1) * sizeof(*maker.threads));
    maker.locks = memory_pool_alloc(pool, (report->locks_count + 1) * sizeof(*maker.locks));
    if (report->kind == FINDING_RACE_DATA)
        maker.place = place_of(&maker);
    struct report_step *steps = memory_pool_alloc(pool, (report->steps_count + 1) * sizeof *steps);
    *holds = 0;
    for (size_t i = 0; i < report->steps_count; i++) {
        steps[i] = step_of(&maker, &report->steps[i]);
        *holds += report->steps[i].holds_count;
    }
    return (struct report_finding){
        .kind = report->kind,
        .shape = report->shape,
        .severity = report->severity,
        .pid = subject->process->pid,
        .process = subject->process,
        .source = copied(pool, report->source),
        .steps = steps,
        .steps_count = report->steps_count,
    };
}

bool foreign_finding_watched(const struct foreign_subject *subject, const struct foreign_report *report) {
    const struct report_process *process = subject->process;
    if (!subject->resolver || process->lost || process->dropped || process->cut_searches ||
        process->unlisted_cycles || process->unkept_dependencies || process->crowded_dependencies ||
        (process->state != RECORDING_LIVE && process->state != RECORDING_ENDED))
        return false;
    for (size_t i = 0; i < report->locks_count; i++)
        if (!recorded_lock(subject, &report->locks[i]))
            return false;
    for (size_t i = 0; i < report->steps_count; i++)
        if ((report->steps[i].thread || report->kind == FINDING_DEADLOCK_POTENTIAL) &&
            !recorded_thread(subject, report, report->steps[i].thread))
            return false;
    return report->locks_count > 0 && report->steps_count > 0 && !report->cut;
}
