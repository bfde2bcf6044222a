#include "interpose/python.h"

#include <string.h>

#include "interpose/gil.h"
#include "interpose/hooks.h"
#include "interpose/locks.h"
#include "interpose/python_codes.h"
#include "interpose/python_store.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/text.h"
#include "interpose/unwinder.h"

#define FRAMES_BYTES (256u << 10) /* of one stack; what is beyond is cut */
#define FILE_BYTES 4096u
#define FUNCTION_BYTES 1024u
#define LAYOUT_TRIALS 64

/* Whether frames can be read from memory. */
enum layout_state { LAYOUT_UNTRIED, LAYOUT_TRUSTED, LAYOUT_REFUSED };
static uint32_t layout_state;
static uint32_t layout_trials;        /* in which nothing could be said */
static uint64_t instruction_distance; /* of first instructions from their code objects; 0: not known yet */

/* A Python stack, as far as it is needed to find it again. */
struct trail {
    uint64_t hash;
    uint32_t frames;
    bool known; /* every code object has its number */
};

static uint64_t mix(uint64_t hash, uint64_t code, uint64_t instruction) {
    hash = (hash ^ (code * 0x9e3779b97f4a7c15u + instruction)) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 32;
}

/* ---- the trail, from memory ---- */

static uint64_t read_pointer(uint64_t at) {
    return *(const uint64_t *)at;
}

static uint64_t first_frame(const struct python_layout *layout, const void *state) {
    uint64_t first = read_pointer((uint64_t)(uintptr_t)state + layout->innermost);
    return layout->indirect < 0 || !first ? first : read_pointer(first + (uint64_t)layout->indirect);
}

static bool is_entry(const struct python_layout *layout, uint64_t frame) {
    return layout->owner && *(const uint8_t *)(frame + layout->owner) == 3;
}

static uint64_t instruction_of(const struct python_layout *layout, uint64_t frame) {
    return layout->narrow ? *(const uint32_t *)(frame + layout->instruction)
                          : read_pointer(frame + layout->instruction);
}

static struct trail trail_from_memory(const struct python_layout *layout, const void *state, uint32_t depth) {
    struct trail trail = {.known = true};
    for (uint64_t frame = first_frame(layout, state); frame; frame = read_pointer(frame + layout->back)) {
        if (is_entry(layout, frame))
            continue;
        if (trail.frames == depth) {
            trail.hash = mix(trail.hash, 0, 1);
            break;
        }
        uint64_t code = python_codes_number(read_pointer(frame + layout->code));
        trail.known &= code != 0;
        trail.hash = mix(trail.hash, code, instruction_of(layout, frame));
        trail.frames++;
    }
    return trail;
}

/* A frame as the API tells of it, for comparison alone. */
struct told {
    void *code;
    int64_t instruction; /* f_lasti; negative: not begun or not known */
};

/* Instructions lie behind their code object, all at the same distance. Before 3.11 they are counted, in 3.10
 * by twos. */
static bool same_instruction(const struct python_layout *layout, uint64_t frame, const struct told *told) {
    uint64_t found = instruction_of(layout, frame);
    if (told->instruction < 0)
        return true;
    if (layout->narrow)
        return found == (uint64_t)told->instruction || found * 2 == (uint64_t)told->instruction;
    uint64_t expected = 0;
    found -= (uint64_t)(uintptr_t)told->code + (uint64_t)told->instruction;
    return __atomic_compare_exchange_n(&instruction_distance, &expected, found, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED) ||
           expected == found;
}

static bool may_read(uint64_t at) {
    return at >= 4096 && !(at >> 47) && unwinder_readable(at & ~(uint64_t)7);
}

/* The first reading is careful: what is read may be nonsense. */
static enum layout_state layout_try(const struct python_layout *layout, const void *state,
                                    const struct told *told, uint32_t count) {
    uint64_t at = (uint64_t)(uintptr_t)state + layout->innermost;
    uint64_t frame = may_read(at) ? read_pointer(at) : 0;
    if (layout->indirect >= 0) {
        at = frame + (uint64_t)layout->indirect;
        frame = may_read(at) ? read_pointer(at) : 0;
    }
    uint32_t found = 0;
    for (uint32_t steps = 0; found < count; steps++, frame = read_pointer(frame + layout->back)) {
        if (steps > 2 * count + 64 || (frame & 7) || !may_read(frame + layout->code) ||
            !may_read(frame + layout->back) || !may_read(frame + layout->instruction) ||
            !may_read(frame + layout->owner))
            return LAYOUT_REFUSED;
        if (is_entry(layout, frame))
            continue;
        if (read_pointer(frame + layout->code) != (uint64_t)(uintptr_t)told[found].code)
            return LAYOUT_UNTRIED; /* perhaps one that has not begun: the API leaves those out */
        if (!same_instruction(layout, frame, &told[found++]))
            return LAYOUT_REFUSED;
    }
    return LAYOUT_TRUSTED;
}

/* What the API tells of must be there, in this order. */
static bool layout_agrees(const struct python_layout *layout, const void *state, const struct told *told,
                          uint32_t count) {
    uint32_t found = 0;
    for (uint64_t frame = first_frame(layout, state); frame && found < count;
         frame = read_pointer(frame + layout->back))
        if (!is_entry(layout, frame) &&
            read_pointer(frame + layout->code) == (uint64_t)(uintptr_t)told[found].code &&
            !same_instruction(layout, frame, &told[found++]))
            return false;
    return found == count;
}

/* Each time that a stack is new, reading it is put to the test again. */
static void layout_test(const struct python_api *api, const void *state, const struct told *told,
                        uint32_t count) {
    uint32_t now = __atomic_load_n(&layout_state, __ATOMIC_RELAXED);
    if (!api->layout || !count || now == LAYOUT_REFUSED)
        return;
    if (now == LAYOUT_TRUSTED)
        now = layout_agrees(api->layout, state, told, count) ? LAYOUT_TRUSTED : LAYOUT_REFUSED;
    else if ((now = layout_try(api->layout, state, told, count)) == LAYOUT_UNTRIED &&
             __atomic_add_fetch(&layout_trials, 1, __ATOMIC_RELAXED) >= LAYOUT_TRIALS)
        now = LAYOUT_REFUSED;
    __atomic_store_n(&layout_state, now, __ATOMIC_RELAXED);
}

/* ---- through the API ---- */

/* Hooks that the interpreter runs into find the thread busy. */
static void busy_begin(struct thread *t) {
    t->busy_sp = (uint64_t)__builtin_frame_address(0);
    t->special |= THREAD_BUSY;
}

static void busy_end(struct thread *t) {
    t->special &= ~(uint32_t)THREAD_BUSY;
}

/* A garbage collection would run the program's own finalizers; it comes with the next object instead. */
struct visit {
    void *type, *value, *traceback;
    bool collects;
};

static void visit_begin(struct visit *visit, const struct python_api *api) {
    visit->collects = api->gc_disable && api->gc_disable();
    api->error_fetch(&visit->type, &visit->value, &visit->traceback);
}

static void visit_end(const struct visit *visit, const struct python_api *api) {
    api->error_restore(visit->type, visit->value, visit->traceback);
    if (visit->collects)
        api->gc_enable();
}

static int64_t instruction_by_api(const struct python_api *api, void *frame) {
    if (api->instruction)
        return api->instruction(frame);
    void *number = api->attribute(frame, "f_lasti");
    int64_t instruction = number ? api->as_long(number) : -1;
    if (number)
        api->release(number);
    return instruction;
}

/* Returns the outer frame and gives this one back. */
static void *outer_frame(const struct python_api *api, void *frame) {
    void *outer = api->back(frame);
    api->release(frame);
    return outer;
}

static struct trail trail_by_api(const struct python_api *api, void *state, uint32_t depth) {
    struct trail trail = {.known = true};
    for (void *frame = api->frame(state); frame; frame = outer_frame(api, frame)) {
        if (trail.frames == depth) {
            trail.hash = mix(trail.hash, 0, 1);
            api->release(frame);
            break;
        }
        void *code = api->code(frame);
        uint64_t number = python_codes_number((uint64_t)(uintptr_t)code);
        api->release(code);
        trail.known &= number != 0;
        trail.hash = mix(trail.hash, number, (uint64_t)instruction_by_api(api, frame));
        trail.frames++;
    }
    return trail;
}

/* ---- what is recorded ---- */

/* Bytes under construction. */
struct bytes {
    uint8_t *at;
    uint32_t size;
};

static void add_byte(struct bytes *bytes, uint32_t byte) {
    bytes->at[bytes->size++] = (uint8_t)byte;
}

/* UTF-8. A surrogate by itself (a file name that is none) is written as Python's backslashreplace does. */
static void add_character(struct bytes *bytes, uint32_t c) {
    if (c < 0x80) {
        add_byte(bytes, c);
    } else if (c < 0x800) {
        add_byte(bytes, 0xc0 | c >> 6);
        add_byte(bytes, 0x80 | (c & 0x3f));
    } else if (c >= 0xd800 && c < 0xe000) {
        add_byte(bytes, '\\');
        add_byte(bytes, 'u');
        for (int shift = 12; shift >= 0; shift -= 4)
            add_byte(bytes, (uint8_t)"0123456789abcdef"[c >> shift & 15]);
    } else if (c < 0x10000) {
        add_byte(bytes, 0xe0 | c >> 12);
        add_byte(bytes, 0x80 | (c >> 6 & 0x3f));
        add_byte(bytes, 0x80 | (c & 0x3f));
    } else {
        add_byte(bytes, 0xf0 | (c >> 18 & 7));
        add_byte(bytes, 0x80 | (c >> 12 & 0x3f));
        add_byte(bytes, 0x80 | (c >> 6 & 0x3f));
        add_byte(bytes, 0x80 | (c & 0x3f));
    }
}

/* The attribute, NUL-terminated, at most `room` bytes. Read by character, since the encoders of the API
 * allocate and may fail. */
static void add_attribute(const struct python_api *api, struct bytes *bytes, void *object, const char *name,
                          uint32_t room) {
    void *text = api->attribute(object, name);
    uint32_t end = bytes->size + room - 8;
    ptrdiff_t length = text ? api->length(text) : 0;
    for (ptrdiff_t i = 0; i < length && bytes->size < end; i++) {
        uint32_t c = api->character(text, i);
        if (!c || c > 0x10ffff)
            break;
        add_character(bytes, c);
    }
    add_byte(bytes, 0);
    if (text)
        api->release(text);
}

static void add_frame(const struct python_api *api, struct bytes *bytes, void *frame, void *code) {
    int line = api->line(frame);
    uint32_t number = line > 0 ? (uint32_t)line : 0;
    memcpy(bytes->at + bytes->size, &number, sizeof number);
    bytes->size += sizeof number;
    add_attribute(api, bytes, code, "co_filename", FILE_BYTES);
    add_attribute(api, bytes, code, api->version >= 0x30b ? "co_qualname" : "co_name", FUNCTION_BYTES);
}

/* Opcodes, as in CPython's Include/opcode.h and, since 3.13, opcode_ids.h. */
static const struct {
    uint32_t version;
    uint8_t with, call, call_method; /* entering a with statement; calls, whose argument is their number of
                                        arguments */
} opcodes[] = {{0x309, 143, 131, 161},
               {0x30a, 143, 131, 161},
               {0x30b, 53, 171, 166},
               {0x30c, 53, 171, 171},
               {0x30d, 2, 53, 53}};

/* Whether the instruction that this frame is at waits for a lock. */
static bool instruction_waits(const struct python_api *api, void *code, int64_t instruction) {
    void *text = api->bytes && api->bytes_length && instruction >= 0 ? api->attribute(code, "co_code") : NULL;
    bool waits = false;
    if (!text)
        return false;
    const uint8_t *bytes = (const uint8_t *)api->bytes(text);
    for (unsigned i = 0; bytes && i < sizeof opcodes / sizeof opcodes[0]; i++)
        if (opcodes[i].version == api->version && instruction + 1 < api->bytes_length(text)) {
            uint8_t opcode = bytes[instruction], argument = bytes[instruction + 1];
            waits = opcode == opcodes[i].with ||
                    ((opcode == opcodes[i].call || opcode == opcodes[i].call_method) && argument == 0);
        }
    api->release(text);
    return waits;
}

/* Whether the text that was added last does; with its NUL. */
static bool ends_with(const struct bytes *bytes, const char *end) {
    size_t length = text_length(end) + 1;
    return bytes->size > length && memcmp(bytes->at + bytes->size - length, end, length) == 0;
}

static void read_frames(const struct python_api *api, void *state, uint32_t depth, struct python_frames *out,
                        uint8_t *memory, struct told *told) {
    struct bytes bytes = {memory, 0};
    *out = (struct python_frames){.bytes = memory};
    for (void *frame = api->frame(state); frame; frame = outer_frame(api, frame)) {
        if (out->count == depth || bytes.size > FRAMES_BYTES - FILE_BYTES - FUNCTION_BYTES - 8) {
            out->cut = true;
            api->release(frame);
            break;
        }
        void *code = api->code(frame);
        add_frame(api, &bytes, frame, code);
        if (out->count == 0)
            out->begins = ends_with(&bytes, "_set_tstate_lock");
        void *type = api->type(code);
        python_codes_add(code, type);
        api->release(type);
        told[out->count] = (struct told){code, instruction_by_api(api, frame)};
        if (out->count == 0)
            out->waits = instruction_waits(api, code, told[0].instruction);
        out->count++;
        api->release(code); /* its frame is active and keeps it */
    }
    out->size = bytes.size;
}

/* ---- what a thread remembers ---- */

struct python_thread *python_own(struct thread *t, bool make) {
    struct python_thread *own = t->python;
    if (!own && make)
        own = t->python = raw_pages((sizeof *own + 4095) & ~(size_t)4095);
    if (own && own->thread != t->id) {
        own->gil_waits = own->gil_held = false;
        own->object = NULL;
        own->thread = t->id;
    }
    return own;
}

static uint64_t known_find(const struct python_known *table, uint64_t key) {
    uint64_t i = (key * 0x9e3779b97f4a7c15u) >> (64 - PYTHON_TABLE_BITS);
    if (table[i].key == key)
        return table[i].id;
    return table[i ^ 1].key == key ? table[i ^ 1].id : 0;
}

static void known_store(struct python_known *table, uint64_t key, uint64_t id) {
    uint64_t i = (key * 0x9e3779b97f4a7c15u) >> (64 - PYTHON_TABLE_BITS);
    table[i ^ 1] = table[i];
    table[i] = (struct python_known){key, id};
}

/* ---- captures ---- */

static bool is_main(const struct python_api *api, void *state) {
    return api->interpreter(state) == api->main_interpreter();
}

static bool trail_of(struct thread *t, const struct python_api *api, void *state, struct trail *trail) {
    uint32_t depth = session_stack_depth();
    if (__builtin_expect(__atomic_load_n(&layout_state, __ATOMIC_RELAXED) == LAYOUT_TRUSTED, 1)) {
        *trail = trail_from_memory(api->layout, state, depth);
        return true;
    }
    if (!api->is_initialized() || api->is_finalizing())
        return false;
    KEEP_ERRNO;
    struct visit visit;
    busy_begin(t);
    visit_begin(&visit, api);
    *trail = trail_by_api(api, state, depth);
    visit_end(&visit, api);
    busy_end(t);
    return true;
}

/* A stack that the thread does not know. */
static __attribute__((noinline)) uint32_t capture(struct thread *t, struct python_thread *own,
                                                  const struct python_api *api, void *state) {
    KEEP_ERRNO;
    uint32_t depth = session_stack_depth(), id = 0;
    if (!api->is_initialized() || api->is_finalizing())
        return 0;
    busy_begin(t);
    char *memory = thread_scratch(t, FRAMES_BYTES + depth * sizeof(struct told));
    if (memory) {
        struct told *told = (struct told *)(memory + FRAMES_BYTES);
        struct python_frames frames;
        struct visit visit;
        visit_begin(&visit, api);
        read_frames(api, state, depth, &frames, (uint8_t *)memory, told);
        layout_test(api, state, told, frames.count);
        visit_end(&visit, api);
        session_enter(t);
        id = python_store_intern(&frames);
        own->waits = frames.waits;
        own->begins = frames.begins;
        if (frames.cut)
            session_lost(RECORDING_LOST_STACK);
        session_leave(t);
    }
    busy_end(t);
    /* Again, since by now the code objects have their numbers and the layout may be known. */
    struct trail trail;
    if (id && trail_of(t, api, state, &trail) && trail.known)
        known_store(own->stacks, trail.hash, id | (uint64_t)own->waits << 32 | (uint64_t)own->begins << 33);
    return id;
}

uint32_t python_capture(struct thread *t, const void *object) {
    const struct python_api *api = __atomic_load_n(&python_api_now, __ATOMIC_ACQUIRE);
    struct trail trail;
    if (!api || !api->frames || t->special)
        return 0;
    struct python_thread *own = python_own(t, true);
    if (!own)
        return 0;
    own->object = NULL;
    void *state = python_api_attached(api);
    if (!state || !is_main(api, state) || !trail_of(t, api, state, &trail) || !trail.frames)
        return 0;
    uint64_t id = trail.known ? known_find(own->stacks, trail.hash) : 0;
    own->waits = id >> 32 & 1;
    own->begins = id >> 33 & 1;
    own->last = __builtin_expect(id != 0, 1) ? (uint32_t)id : capture(t, own, api, state);
    own->object = object;
    return own->last;
}

bool python_waits(struct thread *t) {
    const struct python_thread *own = python_own(t, false);
    return own && own->last && own->waits;
}

bool python_begins(struct thread *t) {
    const struct python_thread *own = python_own(t, false);
    return own && own->last && own->begins;
}

uint32_t python_last(struct thread *t, const void *object) {
    struct python_thread *own = python_own(t, false);
    if (!own || own->object != object || !object)
        return 0;
    own->object = NULL;
    return own->last;
}

uint32_t python_stack(struct thread *t, struct stack_record *record, uint32_t python,
                      const struct call_site *call) {
    struct python_thread *own = python_own(t, true);
    uint32_t native = stack_memo_resolved(record, false, call);
    uint64_t key = (uint64_t)python << 32 | native;
    uint64_t id = own && native ? known_find(own->combined, key) : 0;
    if (__builtin_expect(id != 0, 1))
        return (uint32_t)id;
    session_enter(t);
    uint32_t stack = stack_memo_resolve_python(t, record, false, call, python);
    session_leave(t);
    /* Where the memorised stack was wrong, it is not remembered. */
    native = stack_memo_resolved(record, false, call);
    if (own && native && stack)
        known_store(own->combined, (uint64_t)python << 32 | native, stack);
    return stack;
}

/* ---- the interpreter comes and goes ---- */

void python_start(void) {
    python_api_start();
}

void python_restart(void) {
    python_store_start();
    gil_restart();
}

void python_unloaded(uint64_t start, uint64_t end) {
    if (!python_api_unloaded(start, end))
        return;
    layout_state = LAYOUT_UNTRIED;
    layout_trials = 0;
    instruction_distance = 0;
    python_codes_forget();
}

void python_look(struct thread *t, const struct call_site *call) {
    if (__atomic_load_n(&python_api_now, __ATOMIC_ACQUIRE))
        return;
    session_enter(t);
    const struct python_api *api = python_api_look(call->pc);
    /* What its locks were taken for is forgotten. */
    if (api)
        locks_within_gone(api->runtime, api->runtime + api->runtime_bytes);
    session_leave(t);
}
