/* The recording: the layout of the file that libgordian.so maps MAP_SHARED and the command reads.
 *
 * One file per process. It outlives the process whatever ends it, because every store goes to the page cache.
 * The file is a header of RECORDING_HEADER_SIZE bytes and then chunks, one after the other, until
 * header.size:
 *
 *   header | chunk | chunk | chunk ...          a chunk of type LOG holds records,  of type SLOTS thread
 * slots, of type HELD the held arrays that outgrew their slot
 *
 * A LOG chunk's records follow its header, one after the other, each starting at a multiple of 8. Facts are
 * written once and in order: a record refers only to ids that stand before it in the log. A record counts
 * once `commit` is RECORDING_COMMIT (stored last, with release order); a record without it, or a size of 0,
 * ends the chunk. Records are written by one thread at a time; slots by the thread that owns them. Ids are 1,
 * 2, 3 ... per kind; 0 is none.
 *
 * The byte order is the machine's. All fields are naturally aligned. A reader believes nothing: every size,
 * offset and count is checked against the bytes that are there.
 */
#ifndef GORDIAN_DETECTOR_RECORDING_H
#define GORDIAN_DETECTOR_RECORDING_H

#include <stdint.h>

#include "detector/finding.h"

#define RECORDING_MAGIC "GORDIAN" /* with its NUL: 8 bytes */
#define RECORDING_VERSION 3u
#define RECORDING_HEADER_SIZE 4096u
#define RECORDING_CHUNK_MAGIC 0x4b4e4843u /* "CHNK" */
#define RECORDING_COMMIT 0xc0deu

enum recording_state {
    RECORDING_STARTING = 0,
    RECORDING_LIVE = 1,  /* the library is at work in the process: the handshake */
    RECORDING_ENDED = 2, /* the process ran exit handlers; absent after _exit, exec, a signal */
    RECORDING_OFF = 3    /* the library turned itself off; header.off_reason says why */
};

/* Why something is not in the recording (header.lost, bits). */
enum recording_lost {
    RECORDING_LOST_SPACE = 1,  /* the disk was full: facts after that are missing from the file */
    RECORDING_LOST_MEMORY = 2, /* the detector ran out of memory: dependencies are missing */
    RECORDING_LOST_STACK = 4   /* a stack was longer than the stack_depth option and was cut */
};

/* Families of primitives, for the counts of events seen. */
enum recording_family {
    RECORDING_FAMILY_MUTEX = 0,
    RECORDING_FAMILY_COND = 1,
    RECORDING_FAMILY_THREAD = 2,
    RECORDING_FAMILY_RWLOCK = 3,
    RECORDING_FAMILY_SPIN = 4,
    RECORDING_FAMILY_SEMAPHORE = 5,
    RECORDING_FAMILY_BARRIER = 6,
    RECORDING_FAMILY_OTHER = 7,
    RECORDING_FAMILIES = 8
};

struct recording_header {
    char magic[8];
    uint32_t version;
    uint32_t pid;
    uint32_t parent;                     /* parent's pid */
    uint32_t state;                      /* enum recording_state */
    uint64_t started_ns;                 /* CLOCK_REALTIME */
    uint64_t started_monotonic_ns;       /* CLOCK_MONOTONIC; all times in records are of this clock */
    uint64_t ended_monotonic_ns;         /* with RECORDING_ENDED */
    uint64_t size;                       /* bytes of the file that are chunks and header; grows */
    uint64_t findings;                   /* finding records committed */
    uint64_t cut_searches;               /* searches for cycles that reached their stated bound */
    uint64_t unlisted_cycles;            /* closings of cycles beyond max_per_edge or max_cycles */
    uint64_t unkept_dependencies;        /* looked at, but not kept: beyond max_uses or max_gate_sets */
    uint64_t dropped;                    /* records that could not be written */
    uint32_t lost;                       /* enum recording_lost, or-ed */
    uint32_t stack_depth;                /* the option: longest stack kept, in frames */
    uint32_t max_steps;                  /* the option: bound of one search */
    uint32_t max_per_edge;               /* the option: cycles listed that share a lock order */
    uint32_t max_cycles;                 /* the option: cycles listed */
    uint32_t max_uses;                   /* the option: pairs of thread and segment kept per edge */
    uint32_t max_profiled;               /* the option: locks with a profile */
    uint64_t unprofiled_locks;           /* locks beyond it that were contended or sampled */
    uint32_t starvation_overtakes;       /* the options: a waiter overtaken more often than this */
    uint32_t starvation_ms;              /* that waited longer than this starves */
    uint32_t forked;                     /* 1: this process was forked off without exec */
    uint32_t max_held;                   /* the option: locks held at once whose orders are kept */
    uint64_t crowded_dependencies;       /* not looked at, because more than that were held */
    char off_reason[64];                 /* NUL-terminated */
    uint64_t events[RECORDING_FAMILIES]; /* of threads that have ended; live ones count in their slots */
    char boot_id[40];                    /* the kernel's random/boot_id, NUL-terminated; "" when not known */
};

enum recording_chunk_type { RECORDING_CHUNK_LOG = 1, RECORDING_CHUNK_SLOTS = 2, RECORDING_CHUNK_HELD = 3 };

struct recording_chunk {
    uint32_t magic;
    uint32_t type;
    uint64_t size;        /* with this header; a multiple of 4096 */
    uint64_t reserved[6]; /* pads to 64 bytes */
};

enum recording_type {
    RECORDING_RUN = 1,
    RECORDING_MODULE = 2,
    RECORDING_MODULE_END = 3,
    RECORDING_THREAD = 4,
    RECORDING_THREAD_NAME = 5,
    RECORDING_THREAD_END = 6,
    RECORDING_LOCK = 7,
    RECORDING_LOCK_END = 8,
    RECORDING_STACK = 9,
    RECORDING_DEPENDENCY = 10,
    RECORDING_SEGMENT = 11,
    RECORDING_FINDING = 12,
    RECORDING_PROFILE = 13,
    RECORDING_PYTHON = 14,
    RECORDING_FUTEX_USER = 15,
    RECORDING_LOCK_NAME = 16,
    RECORDING_EPOCH = 17,
    RECORDING_SEMAPHORE = 18
};

struct recording_record {
    uint32_t size; /* with this header; a multiple of 8 */
    uint16_t type; /* enum recording_type */
    uint16_t commit;
};

/* The program: `exe` and then the arguments, each NUL-terminated, exe_size + argv_size bytes in all. */
struct recording_run {
    struct recording_record record;
    uint32_t exe_size;
    uint32_t argv_size;
    char text[];
};

/* A mapped ELF file. It may be noticed after a stack that lies in it (see DESIGN.md). Ids are never used
 * again. */
struct recording_module {
    struct recording_record record;
    uint32_t module;
    uint32_t path_size; /* with NUL; an absolute path, or "[vdso]" */
    uint64_t start;     /* [start, end): address range of the mapping */
    uint64_t end;
    uint64_t bias; /* added to the file's addresses (link_map's l_addr) */
    uint32_t build_id_size;
    uint8_t build_id[36];
    char path[];
};

struct recording_module_end {
    struct recording_record record;
    uint32_t module;
    uint32_t reserved;
};

struct recording_thread {
    struct recording_record record;
    uint32_t thread; /* 1 is the first thread of the process */
    uint32_t tid;    /* the kernel's; 0 when not known yet */
    uint32_t creator;
    uint32_t stack; /* of the pthread_create call; 0 for the first thread */
    uint64_t time_ns;
    uint32_t left; /* 1: it is the parent's, and was not in this process when that was forked off */
    uint32_t reserved;
};

/* The last one counts. */
struct recording_thread_name {
    struct recording_record record;
    uint32_t thread;
    uint32_t tid;
    char name[16];
};

struct recording_thread_end {
    struct recording_record record;
    uint32_t thread;
    uint32_t reserved;
    uint64_t time_ns;
};

enum recording_lock_kind {
    LOCK_KIND_MUTEX = 1,
    LOCK_KIND_THREAD = 2, /* a thread's life, "wanted" by a join; `address` is the thread's id */
    LOCK_KIND_RWLOCK = 3,
    LOCK_KIND_SPIN = 4,
    LOCK_KIND_SEMAPHORE = 5,
    LOCK_KIND_CONDITION = 6,
    LOCK_KIND_BARRIER = 7,
    LOCK_KIND_ONCE = 8,    /* held while the init routine runs */
    LOCK_KIND_STREAM = 9,  /* flockfile's, inside a FILE */
    LOCK_KIND_FILE = 10,   /* flock's, fcntl's or lockf's; device and inode name the file */
    LOCK_KIND_GIL = 11,    /* CPython's global interpreter lock; `address` is its condition's */
    LOCK_KIND_GATE = 12,   /* what the program says to be one (gordian.h); nobody waits for it */
    LOCK_KIND_UNSEEN = 13, /* what the program says to be a lock, and no lock was seen at its address */
    LOCK_KIND_MEMORY = 14, /* what is raced for; in no recording */
    LOCK_KINDS             /* one past the last */
};

struct recording_lock {
    struct recording_record record;
    uint32_t lock;
    uint32_t kind; /* enum recording_lock_kind */
    uint64_t address;
    uint32_t initialised; /* stack of the init call; 0 when none was seen */
    uint32_t first;       /* stack of the first acquisition that was kept; 0 when not known */
    uint32_t shared;      /* 1: between processes; the next three then tell which lock it is in all of them */
    uint32_t value; /* semaphore: its first value; barrier: its count; mutex: 1 when it is robust; rwlock: 1
                       when it prefers writers; 0 when not known */
    uint64_t device, inode, offset; /* of the file mapping that it lies in; all 0 when not known */
};

/* The name that the program has given to the lock; the last one counts, and an empty one takes it away. */
struct recording_lock_name {
    struct recording_record record;
    uint32_t lock;
    uint32_t name_size; /* with NUL */
    char name[];
};

/* The program began a new epoch: dependencies before this record and behind it are in no cycle together. */
struct recording_epoch {
    struct recording_record record;
    uint64_t time_ns;
};

/* What a semaphore that was recorded has proved to be, from here on: a lock, or for good a signal (then it is
 * in no lock order, those recorded before included). A semaphore without such a record has proved nothing. */
struct recording_semaphore {
    struct recording_record record;
    uint32_t lock;
    uint32_t is_lock; /* 1: a lock; 0: a signal */
};

/* The lock was destroyed, or its address is used for another one from here on. */
struct recording_lock_end {
    struct recording_record record;
    uint32_t lock;
    uint32_t reserved;
};

/* A stack, innermost frame first. An address lies inside the calling instruction (return address - 1), or is
 * the exact interrupted one: look it up as it is. Which module it belongs to is decided by the modules alive
 * at this place in the log, or, when none covers it, by the next one that does. */
struct recording_stack {
    struct recording_record record;
    uint32_t stack;
    uint32_t count;
    uint32_t cut;    /* 1: it has more frames, which are not known or beyond stack_depth */
    uint32_t python; /* the Python functions active in it (recording_python); 0: none */
    uint64_t addresses[];
};

/* lock_graph.h's dependency. */
struct recording_dependency {
    struct recording_record record;
    uint32_t thread;
    uint32_t segment;
    struct lock_hold wants;
    uint32_t holds_count;
    struct lock_hold holds[];
};

/* `thread` enters segment `index`, which comes after (cross_thread, cross_index) as well as after its own
 * last. */
struct recording_segment {
    struct recording_record record;
    uint32_t thread;
    uint32_t index;
    uint32_t cross_thread;
    uint32_t cross_index;
};

struct recording_finding_step {
    uint32_t thread;
    uint32_t holds_count;
    uint32_t holds_first; /* index of its first hold in the finding's holds */
    struct lock_hold wants;
};

/* A stack of Python functions, innermost first: `count` frames one after the other, each a line number (4
 * bytes, not aligned, 0 when not known), the file and the function, both NUL-terminated. */
struct recording_python {
    struct recording_record record;
    uint32_t python;
    uint32_t count;
    uint32_t bytes; /* of `frames` */
    uint32_t cut;   /* 1: it has more frames */
    uint8_t frames[];
};

/* A module that makes futex calls through libc's syscall(), which no hook of locks sees: an address in it.
 * Once for each module. */
struct recording_futex_user {
    struct recording_record record;
    uint64_t address;
};

#define RECORDING_PROFILE_STACKS 4

/* What a lock cost; grows in place. Waits are all timed; acquisitions and holds are sampled: each sample
 * counts for as many as the thread skipped since its last one (all of its first ones are samples). */
struct recording_profile {
    struct recording_record record;
    uint32_t lock;
    uint32_t longest_wait_stack, longest_hold_stack;
    uint32_t reserved;
    uint64_t acquisitions; /* estimated */
    uint64_t contended;    /* acquisitions that had to wait, and timed ones that did so in vain */
    uint64_t wait_ns, longest_wait_ns;
    uint64_t hold_ns;         /* estimated */
    uint64_t longest_hold_ns; /* of those sampled */
    uint64_t hold_samples;
    struct {
        uint32_t stack;
        uint32_t reserved;
        uint64_t waits, wait_ns;
    } top[RECORDING_PROFILE_STACKS]; /* the stacks that waited longest in all */
};

/* Followed by steps_count steps, then holds_count holds. */
struct recording_finding {
    struct recording_record record;
    uint32_t finding;
    uint32_t kind;
    uint32_t shape;
    uint32_t severity;
    uint64_t time_ns;
    uint64_t count;     /* how often it was closed; grows in place. 0: withdrawn, it has proved wrong */
    uint64_t values[2]; /* finding.h */
    uint32_t told;      /* 1: it was announced while the program ran */
    uint32_t reserved;
    uint32_t steps_count;
    uint32_t holds_count;
    struct recording_finding_step steps[];
};

/* One lock held, written by the owner of the slot. The entry counts once held_count includes it. */
struct recording_held {
    uint32_t
        lock; /* its record may be missing from the log while nothing was recorded about it: see `address` */
    uint32_t mode;
    uint32_t stack;      /* 0 when it was not needed yet: then `site` alone is known */
    uint32_t depth;      /* times taken (recursive locks), at least 1, and RECORDING_HELD_SAMPLED */
    uint64_t site;       /* address inside the call that took it */
    uint64_t address;    /* of the lock */
    uint64_t private[2]; /* the library's own */
};

enum recording_slot_state {
    RECORDING_SLOT_FREE = 0,
    RECORDING_SLOT_RUNNING = 1,
    RECORDING_SLOT_ENDING = 2 /* its start routine has returned; destructors may still run */
};

#define RECORDING_HELD_SAMPLED                                                                               \
    0x80000000u /* in depth: how long it is held is measured; not part of the number */

#define RECORDING_HELD_INLINE 17

/* The live state of a thread; slots follow their chunk's header. Fields may change while they are read: check
 * them, and read twice what must agree. */
struct recording_slot {
    uint32_t state; /* enum recording_slot_state */
    uint32_t thread;
    uint32_t tid;
    uint32_t wait_kind; /* enum wait_kind (wait_graph.h) */
    uint32_t wait_target;
    uint32_t wait_mode;
    uint32_t wait_stack;
    uint32_t wait_timed;  /* 1: the wait has a time limit */
    uint64_t wait_ticket; /* grows with each wait */
    uint64_t wait_since_ns;
    uint64_t held_offset; /* 0: `held` below; else the file offset of an array in a HELD chunk */
    uint32_t held_capacity;
    uint32_t held_count;
    uint64_t events[RECORDING_FAMILIES];
    struct recording_held held[RECORDING_HELD_INLINE];
    uint32_t wait_lock; /* WAIT_CONDITION: the mutex that it takes again */
    uint32_t reserved_word;
    uint64_t wait_address; /* of what it waits for, whose record may be missing; 0: a thread */
    uint64_t reserved[8];
};

_Static_assert(sizeof(struct recording_header) <= RECORDING_HEADER_SIZE, "the header fits its page");
_Static_assert(sizeof(struct recording_chunk) == 64, "records start 64 bytes into a chunk");
_Static_assert(sizeof(struct recording_held) == 48, "no padding");
_Static_assert(sizeof(struct recording_slot) == 1024, "slots tile a chunk");
_Static_assert(sizeof(struct recording_module) % 8 == 0 && sizeof(struct recording_stack) % 8 == 0,
               "aligned tails");

#endif
