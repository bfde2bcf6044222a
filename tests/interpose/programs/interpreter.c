/* What a watcher of CPython's frames sees of an interpreter, and nothing else of it: built as a shared
 * library, with VERSION as its Py_Version, for embedding.c. It says when it is asked at a wrong moment, or
 * when what it lent was not given back.
 *
 * Two threads take two semaphores in both orders, in turns, once for each of the scenes below, in Python
 * functions that the scene names. interpreter_test.py knows them too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#include "tests/e2e/programs/turns.h"

#ifndef VERSION
#define VERSION 0x030e00f0
#endif

#define EXPORTED __attribute__((visibility("default")))
#define LONGEST 320

static long problems;

#define EXPECT(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("line %d: not so: %s\n", __LINE__, #condition);                                           \
            problems++;                                                                                      \
        }                                                                                                    \
    } while (0)

/* ---- objects ---- */

struct type {
    uint64_t references;
    void *type;
    uint64_t size;
    const char *name;
    uint64_t sizes[2];
    void (*dealloc)(void *object);
};

struct code {
    const wchar_t *file, *name;
    char instructions[4096]; /* behind the object, as in CPython */
};

/* As CPython 3.11 has it. */
struct inner_frame {
    char before[32];
    struct code *code;
    void *object;
    struct inner_frame *previous;
    const char *instruction;
    int stacktop;
    char is_entry, owner;
};

struct frame {
    struct frame *back;
    struct code *code;
    int line, instruction;
    struct inner_frame inner;
};

struct text {
    const wchar_t *characters;
    size_t length;
};

/* Reads as 3.11's: what leads to the innermost frame is at 56, and in that at 8. */
struct state {
    char before[56];
    void *leads;
    char after[64];
    void *interpreter;
    struct frame *frames;
};
_Static_assert(offsetof(struct state, leads) == 56 && offsetof(struct inner_frame, code) == 32 &&
                   offsetof(struct inner_frame, previous) == 48 &&
                   offsetof(struct inner_frame, instruction) == 56 &&
                   offsetof(struct inner_frame, owner) == 69,
               "the layout of 3.11");

static __thread struct state own_state;
static __thread bool attached;
static struct state *attached_state; /* of whichever thread is attached */
static int main_interpreter, other_interpreter;
static bool initialised = true, finalising, collecting = true;
static void *error;
static long lent;  /* references that were not given back */
static long asked; /* for the innermost frame */

EXPORTED char _PyRuntime[64];
EXPORTED const unsigned long Py_Version = VERSION;

static void *lend(void *object) {
    EXPECT(attached && initialised && !finalising && !collecting && !error);
    lent += object != NULL;
    return object;
}

EXPORTED void *PyThreadState_GetUnchecked(void) {
    if (VERSION >= 0x030c0000)
        return attached ? &own_state : NULL;
    return __atomic_load_n(&attached_state, __ATOMIC_RELAXED);
}

EXPORTED void *PyGILState_GetThisThreadState(void) {
    return &own_state;
}

EXPORTED void *PyThreadState_GetInterpreter(struct state *state) {
    EXPECT(attached && state == &own_state);
    return state->interpreter;
}

EXPORTED void *PyInterpreterState_Main(void) {
    return &main_interpreter;
}

EXPORTED int Py_IsInitialized(void) {
    return initialised;
}

EXPORTED int Py_IsFinalizing(void) {
    return finalising;
}

EXPORTED void *PyThreadState_GetFrame(struct state *state) {
    asked++;
    return lend(state->frames);
}

EXPORTED void *PyFrame_GetBack(struct frame *frame) {
    return lend(frame->back);
}

EXPORTED void *PyFrame_GetCode(struct frame *frame) {
    return lend(frame->code);
}

EXPORTED int PyFrame_GetLineNumber(struct frame *frame) {
    return frame->line;
}

EXPORTED int PyFrame_GetLasti(struct frame *frame) {
    return frame->instruction;
}

EXPORTED void Py_DecRef(void *object) {
    EXPECT(attached && object);
    lent--;
}

static long deallocated;

static void code_dealloc(void *code) {
    EXPECT(code);
    deallocated++;
}

static struct type code_type = {.name = "code", .dealloc = code_dealloc};

EXPORTED void *PyObject_Type(struct code *code) {
    EXPECT(code);
    return lend(&code_type);
}

EXPORTED void *PyObject_GetAttrString(struct code *code, const char *name) {
    static __thread struct text texts[4];
    static __thread unsigned next;
    struct text *text = &texts[next++ % 4];
    EXPECT(strcmp(name, "co_filename") == 0 || strcmp(name, "co_qualname") == 0);
    text->characters = strcmp(name, "co_filename") == 0 ? code->file : code->name;
    text->length = wcslen(text->characters);
    return lend(text);
}

EXPORTED long PyLong_AsLong(void *number) {
    EXPECT(number && false); /* instructions are asked for otherwise */
    return 0;
}

EXPORTED ptrdiff_t PyUnicode_GetLength(const struct text *text) {
    return (ptrdiff_t)text->length;
}

EXPORTED uint32_t PyUnicode_ReadChar(const struct text *text, ptrdiff_t index) {
    EXPECT(index >= 0 && (size_t)index < text->length);
    return (uint32_t)text->characters[index];
}

EXPORTED void PyErr_Fetch(void **type, void **value, void **traceback) {
    EXPECT(attached);
    *type = error;
    *value = *traceback = NULL;
    error = NULL;
}

EXPORTED void PyErr_Restore(void *type, void *value, void *traceback) {
    EXPECT(attached && !error && !value && !traceback);
    error = type;
}

EXPORTED int PyGC_Disable(void) {
    bool before = collecting;
    EXPECT(attached);
    collecting = false;
    return before;
}

EXPORTED int PyGC_Enable(void) {
    EXPECT(!collecting);
    collecting = true;
    return 0;
}

/* ---- the thread's stack ---- */

/* Where 3.11 keeps its frames, this one has what `memory` says. */
static const char *memory;
static uint64_t leads_to_frame[2];

static void set_frames(struct frame *frames, size_t count) {
    static __thread void *leads[2];
    for (size_t i = 0; i < count; i++) {
        frames[i].back = i + 1 < count ? &frames[i + 1] : NULL;
        frames[i].inner.previous = i + 1 < count ? &frames[i + 1].inner : NULL;
        frames[i].inner.code = frames[i].code;
        frames[i].inner.instruction = frames[i].code->instructions + frames[i].instruction;
        if (strcmp(memory, "other_instructions") == 0)
            frames[i].inner.instruction = frames[i].code->instructions + i;
    }
    own_state.frames = count ? frames : NULL;
    leads[1] = count ? &frames->inner : NULL;
    own_state.leads = leads;
    if (strcmp(memory, "zeros") == 0)
        own_state.leads = NULL;
    else if (strcmp(memory, "nonsense") == 0)
        memset(&own_state.leads, 0xa5, sizeof own_state.leads);
    else if (strcmp(memory, "itself") == 0)
        own_state.leads = &own_state.leads;
    else if (strcmp(memory, "unreadable") == 0)
        own_state.leads = leads_to_frame;
}

static void attach(bool now) {
    attached = now;
    own_state.interpreter = &main_interpreter;
    __atomic_store_n(&attached_state, now ? &own_state : NULL, __ATOMIC_RELAXED);
}

/* ---- scenes ---- */

static struct frame holds[LONGEST], wants[LONGEST];
static size_t holds_count, wants_count;

static struct code *new_code(const wchar_t *file, const wchar_t *name) {
    struct code *code = calloc(1, sizeof *code);
    code->file = file;
    code->name = name;
    return code;
}

static struct frame *add(struct frame *frames, size_t *count, struct code *code, int line) {
    frames[*count] = (struct frame){.code = code, .line = line, .instruction = line * 2};
    return &frames[(*count)++];
}

static const wchar_t *repeat(wchar_t c, size_t length) {
    static wchar_t texts[2][10001];
    wchar_t *text = texts[c == L'f'];
    wmemset(text, c, length);
    text[length] = L'\0';
    return text;
}

static struct code *inner_code, *main_code;

static void simple(const wchar_t *file, const wchar_t *inner, const wchar_t *outer) {
    holds_count = wants_count = 0;
    inner_code = new_code(file, inner);
    main_code = new_code(file, outer);
    add(holds, &holds_count, main_code, 10);
    add(wants, &wants_count, inner_code, 21);
    add(wants, &wants_count, main_code, 11);
}

static void plain(void) {
    simple(L"main.py", L"inner", L"main");
}

static void known(void) {}

/* New code where the old was. */
static void reused(void) {
    long before = deallocated;
    code_type.dealloc(inner_code);
    EXPECT(deallocated == before + 1);
    inner_code->name = L"another";
}

static void letters(void) {
    simple(L"\u00e9\U0001d6fc.py", L"\u6570\u91cf", L"\xdc80");
}

static void long_names(void) {
    simple(repeat(L'f', 10000), repeat(L'n', 10000), L"short");
}

static void long_stack(void) {
    holds_count = wants_count = 0;
    struct code *code = new_code(L"deep.py", L"deep");
    add(holds, &holds_count, code, 1);
    for (int i = 0; i < LONGEST; i++)
        add(wants, &wants_count, code, i + 1);
}

static void long_in_bytes(void) {
    holds_count = wants_count = 0;
    struct code *code = new_code(repeat(L'f', 4000), L"deep");
    add(holds, &holds_count, code, 1);
    for (int i = 0; i < 200; i++)
        add(wants, &wants_count, code, i + 1);
}

static void with_an_error(void) {
    plain();
    error = &error;
}

static void without_collections(void) {
    plain();
    collecting = false;
}

static void before_initialisation(void) {
    plain();
    initialised = false;
}

static void while_finalising(void) {
    plain();
    finalising = true;
}

static void in_another_interpreter(void) {
    plain();
    own_state.interpreter = &other_interpreter;
}

static void without_the_gil(void) {
    plain();
    attach(false);
}

static void without_frames(void) {
    holds_count = wants_count = 0;
}

static void (*const scenes[])(void) = {
    plain,
    known,
    reused,
    letters,
    long_names,
    long_stack,
    long_in_bytes,
    with_an_error,
    without_collections,

    before_initialisation,
    while_finalising,
    in_another_interpreter,
    without_the_gil,
    without_frames,
};

#define SCENES (sizeof scenes / sizeof *scenes)

/* ---- two threads ---- */

static sem_t semaphores[SCENES][2];

static __attribute__((noinline)) void acquire(sem_t *semaphore) {
    errno = 77;
    EXPECT(sem_trywait(semaphore) == 0);
    EXPECT(errno == 77);
    EXPECT(lent == 0);
}

/* A thread of no interpreter that has the semaphore for a moment. */
struct borrower {
    sem_t *semaphore;
    atomic_int has;
};

static void *borrow(void *argument) {
    struct borrower *borrower = argument;
    sem_wait(borrower->semaphore);
    atomic_store(&borrower->has, 1);
    while (atomic_load(&borrower->has) == 1)
        sched_yield();
    sem_post(borrower->semaphore);
    return NULL;
}

/* As the interpreter does: try it in vain, and then wait for it. */
static __attribute__((noinline)) void acquire_at_last(sem_t *semaphore) {
    struct borrower borrower = {.semaphore = semaphore};
    pthread_t thread;
    pthread_create(&thread, NULL, borrow, &borrower);
    while (atomic_load(&borrower.has) == 0)
        sched_yield();
    EXPECT(sem_trywait(semaphore) == -1 && errno == EAGAIN);
    EXPECT(lent == 0);
    atomic_store(&borrower.has, 2);
    EXPECT(sem_wait(semaphore) == 0);
    pthread_join(thread, NULL);
}

static void act(size_t scene, int number) {
    attach(true);
    scenes[scene]();
    bool collected = collecting;
    const void *had = error;
    set_frames(holds, holds_count);
    acquire(&semaphores[scene][number]);
    set_frames(wants, wants_count);
    acquire_at_last(&semaphores[scene][!number]);
    sem_post(&semaphores[scene][!number]);
    sem_post(&semaphores[scene][number]);
    EXPECT(collecting == collected && error == had);
    error = NULL;
    collecting = initialised = true;
    finalising = false;
    attach(false);
}

static void *work(void *argument) {
    int number = argument != NULL;
    for (size_t scene = 0; scene < SCENES; scene++) {
        turns_wait((long)scene * 2 + number);
        act(scene, number);
        turns_pass();
    }
    return NULL;
}

/* Once a stack is known, nobody asks for it, if it can be read from memory. */
static void count_questions(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 1);
    attach(true);
    plain();
    for (int i = 0; i < 3; i++) {
        set_frames(wants, wants_count);
        asked = 0;
        acquire(&semaphore);
        sem_post(&semaphore);
    }
    printf("asked %ld\n", asked);
    attach(false);
}

EXPORTED long interpreter_run(const char *what_memory_has) {
    pthread_t threads[2];
    void *guard = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    leads_to_frame[1] = (uint64_t)(uintptr_t)guard;
    memory = what_memory_has;
    turns_now = -1;
    for (size_t scene = 0; scene < SCENES; scene++)
        for (int i = 0; i < 2; i++)
            sem_init(&semaphores[scene][i], 0, 1);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, i ? &threads : NULL);
    turns_pass();
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    count_questions();
    munmap(guard, 4096);
    return problems;
}
