#define _GNU_SOURCE
#include "interpose/unwinder.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind-x86_64.h>
#include <string.h>
#include <sys/stat.h>

#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/thread.h"

/* A rule in one word, so that it is read and written whole. Distances are in words of 8 bytes. */
struct rule {
    uint64_t known : 1;
    uint64_t last : 1;     /* the outermost frame */
    uint64_t from_sp : 1;  /* CFA = sp + words; otherwise bp + words */
    uint64_t saves_bp : 1; /* the caller's frame pointer is at CFA - saved_words */
    uint64_t no_table : 1; /* nothing is known but what the frame pointer may say */
    uint64_t words : 24;
    uint64_t saved_words : 24;
};

union rule_word {
    struct rule rule;
    uint64_t word;
};
_Static_assert(sizeof(struct rule) == 8, "a rule is one word");

/* A direct-mapped cache. `key` is pc ^ rule: a reader that meets a half-written entry sees a key that does
 * not fit. */
#define RULE_BITS 14
static struct {
    uint64_t key, word;
} rules[1u << RULE_BITS];

static unw_addr_space_t space;
static int (*lib_init_remote)(unw_cursor_t *, unw_addr_space_t, void *);
static int (*lib_step)(unw_cursor_t *);
static int (*lib_get_reg)(unw_cursor_t *, int, unw_word_t *);
static int (*lib_get_save_loc)(unw_cursor_t *, int, unw_save_loc_t *);
static int (*lib_is_signal_frame)(unw_cursor_t *);
static int (*lib_search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int,
                               void *);
static int inside_tid; /* the one thread inside libunwind */

/* glibc's lock-free index of loaded objects (2.35); weak, since other libcs lack it. */
extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

bool unwinder_inside(void) {
    int tid = __atomic_load_n(&inside_tid, __ATOMIC_RELAXED);
    const struct thread *t = thread_now;
    return tid && tid == (t && t->slot->tid ? (int)t->slot->tid : raw_gettid());
}

static uint32_t rule_index(uint64_t pc) {
    return (uint32_t)((pc * 0x9e3779b97f4a7c15u) >> (64 - RULE_BITS));
}

static struct rule rule_find(uint64_t pc) {
    uint32_t i = rule_index(pc);
    union rule_word found = {.word = __atomic_load_n(&rules[i].word, __ATOMIC_RELAXED)};
    uint64_t key = __atomic_load_n(&rules[i].key, __ATOMIC_RELAXED);
    if ((key ^ found.word) != pc)
        found.word = 0;
    return found.rule;
}

static void rule_store(uint64_t pc, struct rule rule) {
    uint32_t i = rule_index(pc);
    union rule_word word = {.rule = rule};
    __atomic_store_n(&rules[i].key, pc ^ word.word, __ATOMIC_RELAXED);
    __atomic_store_n(&rules[i].word, word.word, __ATOMIC_RELAXED);
}

void unwinder_flush(void) {
    for (uint32_t i = 0; i < 1u << RULE_BITS; i++)
        __atomic_store_n(&rules[i].key, 0, __ATOMIC_RELAXED);
}

/* Whether 8 bytes can be read. The kernel copies the new signal mask before it looks at the (invalid) way to
 * apply it. */
bool unwinder_readable(uint64_t address) {
    return raw_syscall(SYS_rt_sigprocmask, -1, (long)address, 0, 8, 0, 0) != -EFAULT;
}

static bool on_own_stack(const struct thread *t, uint64_t address) {
    /* Not address + 8: a wrong address may be the last of all. */
    return address >= t->stack_low && address < t->stack_high && t->stack_high - address >= 8;
}

static bool read_word(const struct thread *t, uint64_t address, uint64_t *out) {
    if ((address & 7) || (!on_own_stack(t, address) && !unwinder_readable(address)))
        return false;
    *out = *(const uint64_t *)address;
    return true;
}

/* What libunwind sees: one frame's registers, and this process's memory. */
struct view {
    struct thread *thread;
    struct unwinder_frame frame;
    uint64_t readable[8]; /* pages that can be read, 0: none; reads go to and fro between few of them */
    uint32_t next;        /* the one of them to replace */
    bool no_table;        /* no unwind table has the program counter */
};

static bool view_readable(struct view *view, uint64_t address) {
    uint64_t page = address & ~(uint64_t)4095;
    for (unsigned i = 0; i < sizeof view->readable / sizeof view->readable[0]; i++)
        if (view->readable[i] == page && page)
            return true;
    if (!unwinder_readable(address))
        return false;
    view->readable[view->next++ % (sizeof view->readable / sizeof view->readable[0])] = page;
    return true;
}

static int view_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *info, int need, void *arg) {
    struct view *view = arg;
    struct dl_find_object object;
    view->no_table = true;
    if (!_dl_find_object || _dl_find_object((void *)ip, &object) != 0 || !object.dlfo_eh_frame)
        return -UNW_ENOINFO;
    /* .eh_frame_hdr: version, three encodings, then (as every linker writes it) the frame's address in 4
     * bytes, the count in 4 bytes, and a sorted table of pairs of 4 bytes relative to the header. */
    const uint8_t *header = object.dlfo_eh_frame;
    if (header[0] != 1 || header[2] != 0x03 || header[3] != 0x3b || (header[1] & 0x0f) != 0x0b)
        return -UNW_ENOINFO;
    uint32_t count;
    memcpy(&count, header + 8, sizeof count);
    unw_dyn_info_t table = {.start_ip = (unw_word_t)object.dlfo_map_start,
                            .end_ip = (unw_word_t)object.dlfo_map_end,
                            .format = UNW_INFO_FORMAT_REMOTE_TABLE};
    table.u.rti.segbase = (unw_word_t)header;
    table.u.rti.table_data = (unw_word_t)(header + 12);
    table.u.rti.table_len = (unw_word_t)count * 8 / sizeof(unw_word_t);
    int found = lib_search_table(as, ip, &table, info, need, arg);
    view->no_table = found < 0;
    return found;
}

static void view_put_info(unw_addr_space_t as, unw_proc_info_t *info, void *arg) {
    (void)as, (void)info, (void)arg;
}

static int view_dyn_list(unw_addr_space_t as, unw_word_t *address, void *arg) {
    (void)as, (void)address, (void)arg;
    return -UNW_ENOINFO;
}

static int view_memory(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write, void *arg) {
    struct view *view = arg;
    (void)as;
    if (write)
        return -UNW_EINVAL;
    if (!on_own_stack(view->thread, address) &&
        (!view_readable(view, address) || !view_readable(view, address + 7)))
        return -UNW_EINVAL;
    memcpy(value, (const void *)address, sizeof *value);
    return 0;
}

static int view_register(unw_addr_space_t as, unw_regnum_t number, unw_word_t *value, int write, void *arg) {
    const struct view *view = arg;
    (void)as;
    if (write)
        return -UNW_EREADONLYREG;
    *value = number == UNW_X86_64_RIP   ? view->frame.pc - !view->frame.exact
             : number == UNW_X86_64_RSP ? view->frame.sp
             : number == UNW_X86_64_RBP ? view->frame.bp
                                        : 0;
    return 0;
}

static int view_fp_register(unw_addr_space_t as, unw_regnum_t n, unw_fpreg_t *value, int write, void *arg) {
    (void)as, (void)n, (void)value, (void)write, (void)arg;
    return -UNW_EBADREG;
}

static int view_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg) {
    (void)as, (void)cursor, (void)arg;
    return -UNW_EINVAL;
}

static int view_proc_name(unw_addr_space_t as, unw_word_t ip, char *name, size_t size, unw_word_t *offset,
                          void *arg) {
    (void)as, (void)ip, (void)name, (void)size, (void)offset, (void)arg;
    return -UNW_ENOINFO;
}

/* Making an address space, or its first setting, opens a pipe, by which libunwind would ask whether an
 * address of the local process can be read. Ours asks by itself, and the program must not find two
 * descriptors in its way: they are closed again. */
static void make_space(unw_addr_space_t (*create)(unw_accessors_t *, int),
                       int (*set_policy)(unw_addr_space_t, unw_caching_policy_t),
                       unw_accessors_t *accessors) {
    int next[2];
    bool is_pipe[2];
    for (int i = 0; i < 2; i++)
        next[i] = raw_open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    for (int i = 0; i < 2; i++)
        if (next[i] >= 0)
            raw_close(next[i]);
    space = create(accessors, 0);
    if (space)
        set_policy(space, UNW_CACHE_NONE);
    for (int i = 0; i < 2; i++) {
        struct stat is = {0};
        is_pipe[i] = next[i] >= 0 && raw_syscall(SYS_fstat, next[i], (long)&is, 0, 0, 0, 0) == 0 &&
                     S_ISFIFO(is.st_mode);
    }
    for (int i = 0; i < 2; i++)
        if (is_pipe[0] && is_pipe[1])
            raw_close(next[i]);
}

bool unwinder_start(void) {
    static unw_accessors_t accessors = {.find_proc_info = view_proc_info,
                                        .put_unwind_info = view_put_info,
                                        .get_dyn_info_list_addr = view_dyn_list,
                                        .access_mem = view_memory,
                                        .access_reg = view_register,
                                        .access_fpreg = view_fp_register,
                                        .resume = view_resume,
                                        .get_proc_name = view_proc_name};
    /* RTLD_LOCAL: its _Unwind_* must not come before libgcc's for the program. */
    void *library = dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
    unw_addr_space_t (*create)(unw_accessors_t *, int);
    int (*set_policy)(unw_addr_space_t, unw_caching_policy_t);
    *(void **)&create = dlsym(library, "_Ux86_64_create_addr_space");
    *(void **)&set_policy = dlsym(library, "_Ux86_64_set_caching_policy");
    *(void **)&lib_init_remote = dlsym(library, "_Ux86_64_init_remote");
    *(void **)&lib_step = dlsym(library, "_Ux86_64_step");
    *(void **)&lib_get_reg = dlsym(library, "_Ux86_64_get_reg");
    *(void **)&lib_get_save_loc = dlsym(library, "_Ux86_64_get_save_loc");
    *(void **)&lib_is_signal_frame = dlsym(library, "_Ux86_64_is_signal_frame");
    *(void **)&lib_search_table = dlsym(library, "_Ux86_64_dwarf_search_unwind_table");
    if (!create || !set_policy || !lib_init_remote || !lib_step || !lib_get_reg || !lib_get_save_loc ||
        !lib_is_signal_frame || !lib_search_table)
        return false;
    make_space(create, set_policy, &accessors);
    return space != NULL;
}

/* Whether the frame is the trampoline that a signal handler returns to: mov $15, %rax; syscall
 * (rt_sigreturn), in every libc. libunwind looks for it, too, but where its cursor stands, one byte before.
 */
static bool is_trampoline(struct view *view, uint64_t pc) {
    unw_word_t first = 0, second = 0;
    return view_memory(space, pc, &first, 0, view) == 0 && first == 0x0f0000000fc0c748u &&
           view_memory(space, pc + 8, &second, 0, view) == 0 && (second & 0xff) == 0x05;
}

/* What libunwind found out about the code at a program counter. */
struct asked {
    bool by_signal; /* it returns from a signal handler */
    bool no_table;  /* libunwind guessed */
};

/* One step by libunwind. Returns 1, 0 at the outermost frame, negative on failure. */
static int ask(struct thread *t, struct unwinder_frame *frame, struct unwinder_step *step,
               struct asked *asked) {
    struct view view = {.thread = t, .frame = *frame};
    unw_cursor_t cursor;
    unw_word_t ip, sp, bp;
    unw_save_loc_t saved;
    *asked = (struct asked){0};
    if (lib_init_remote(&cursor, space, &view) < 0)
        return -1;
    asked->by_signal = lib_is_signal_frame(&cursor) > 0 || is_trampoline(&view, frame->pc);
    int moved = lib_step(&cursor);
    asked->no_table = view.no_table;
    if (moved <= 0)
        return moved;
    if (lib_get_reg(&cursor, UNW_X86_64_RIP, &ip) < 0 || lib_get_reg(&cursor, UNW_X86_64_RSP, &sp) < 0 ||
        lib_get_reg(&cursor, UNW_X86_64_RBP, &bp) < 0)
        return -1;
    step->return_slot = step->bp_slot = 0;
    if (lib_get_save_loc(&cursor, UNW_X86_64_RIP, &saved) == 0 && saved.type == UNW_SLT_MEMORY)
        step->return_slot = saved.u.addr;
    if (lib_get_save_loc(&cursor, UNW_X86_64_RBP, &saved) == 0 && saved.type == UNW_SLT_MEMORY)
        step->bp_slot = saved.u.addr;
    *frame = (struct unwinder_frame){ip, sp, bp, asked->by_signal};
    return ip != 0;
}

/* How far the frame pointer is moved to see whether it matters. */
#define NUDGE 64

/* The rule that explains a step that libunwind made; not `known` when none does. To tell whether the CFA came
 * from the stack pointer or the frame pointer, libunwind makes the step once more, with a frame pointer that
 * is off. */
static struct rule explain(struct thread *t, const struct unwinder_frame *before,
                           const struct unwinder_frame *after, const struct unwinder_step *step) {
    struct rule rule = {.known = 1}, none = {0};
    uint64_t cfa = after->sp;
    if ((cfa & 7) || step->return_slot != cfa - 8 || cfa <= before->sp)
        return none;
    struct unwinder_frame nudged = *before;
    struct unwinder_step ignored;
    struct asked asked;
    nudged.bp += NUDGE;
    int moved = ask(t, &nudged, &ignored, &asked);
    if (moved > 0 && nudged.sp == cfa) {
        uint64_t words = (cfa - before->sp) / 8;
        if (words >= 1u << 24)
            return none;
        rule.from_sp = 1;
        rule.words = words & 0xffffff;
    } else if (moved <= 0 || nudged.sp == cfa + NUDGE) {
        uint64_t words = (cfa - before->bp) / 8;
        if ((before->bp & 7) || cfa <= before->bp || words >= 1u << 24)
            return none;
        rule.words = words & 0xffffff;
    } else {
        return none; /* neither: a CFA that is read from memory */
    }
    if (step->bp_slot) {
        uint64_t below = (cfa - step->bp_slot) / 8;
        if (step->bp_slot >= cfa || below >= 1u << 24)
            return none;
        rule.saves_bp = 1;
        rule.saved_words = below & 0xffffff;
    }
    return rule;
}

static bool follow_frame_pointer(struct thread *t, struct unwinder_frame *frame, struct unwinder_step *step) {
    uint64_t bp = frame->bp, pc, next;
    *step = (struct unwinder_step){.used_bp = true, .stable = true};
    if (bp < frame->sp || bp - frame->sp > 1u << 20 || !read_word(t, bp + 8, &pc) ||
        !read_word(t, bp, &next) || pc < 4096)
        return false;
    *step = (struct unwinder_step){.return_slot = bp + 8, .bp_slot = bp, .used_bp = true, .stable = true};
    *frame = (struct unwinder_frame){pc, bp + 16, next, false};
    return true;
}

static bool learn(struct thread *t, struct unwinder_frame *frame, struct unwinder_step *step) {
    struct dl_find_object object;
    /* Code that no loaded object holds was made at run time; such code keeps frame pointers if anything. */
    if (!space || !_dl_find_object || _dl_find_object((void *)frame->pc, &object) != 0)
        return follow_frame_pointer(t, frame, step);
    struct unwinder_frame before = *frame;
    struct asked asked;
    /* Its own locks come through our hooks. */
    uint32_t special = t->special;
    if (!(special & THREAD_BUSY)) {
        t->busy_sp = (uint64_t)__builtin_frame_address(0);
        t->special |= THREAD_BUSY;
    }
    session_enter(t);
    __atomic_store_n(&inside_tid, t->slot ? (int)t->slot->tid : raw_gettid(), __ATOMIC_RELAXED);
    int moved = ask(t, frame, step, &asked);
    step->used_bp = true;
    step->stable = false;
    if (asked.no_table && !asked.by_signal && !before.exact) {
        /* libunwind follows the frame pointer too, but its stack pointer is wrong then, and it is slow. */
        rule_store(before.pc, (struct rule){.known = 1, .no_table = 1});
        *frame = before;
        moved = follow_frame_pointer(t, frame, step) ? 1 : 0;
    } else if (moved < 0 && !asked.by_signal && !before.exact) {
        step->stable = true; /* the table cannot be used: the walk always ends here */
    } else if (moved == 0 && !asked.by_signal) {
        rule_store(before.pc, (struct rule){.known = 1, .last = 1});
        step->stable = true;
    } else if (moved > 0 && !asked.by_signal && !before.exact) {
        struct rule rule = explain(t, &before, frame, step);
        if (rule.known) {
            rule_store(before.pc, rule);
            step->stable = true;
            step->used_bp = !rule.from_sp;
        }
    }
    __atomic_store_n(&inside_tid, 0, __ATOMIC_RELAXED);
    session_leave(t);
    t->special = special;
    return moved > 0;
}

bool unwinder_step(struct thread *t, struct unwinder_frame *frame, struct unwinder_step *step) {
    struct rule rule = frame->exact ? (struct rule){0} : rule_find(frame->pc);
    if (rule.last) {
        *step = (struct unwinder_step){.stable = true};
        return false;
    }
    if (!rule.known)
        return learn(t, frame, step);
    if (rule.no_table)
        return follow_frame_pointer(t, frame, step);
    uint64_t cfa = (rule.from_sp ? frame->sp : frame->bp) + rule.words * 8, pc, bp = frame->bp;
    if (cfa <= frame->sp || !read_word(t, cfa - 8, &pc))
        return learn(t, frame, step);
    *step = (struct unwinder_step){.return_slot = cfa - 8, .used_bp = !rule.from_sp, .stable = true};
    if (rule.saves_bp) {
        step->bp_slot = cfa - rule.saved_words * 8;
        if (!read_word(t, step->bp_slot, &bp))
            return learn(t, frame, step);
    }
    *frame = (struct unwinder_frame){pc, cfa, bp, false};
    return true;
}
