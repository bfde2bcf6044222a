/* Numbers for the code objects of the main interpreter, so that one is not taken for another that lies where
 * it was: a number is given once.
 *
 * Written by threads that hold the GIL of the main interpreter. When a code object goes, its number does: the
 * deallocator of the type is replaced by one that sees to that and goes on to the interpreter's own. (The
 * extra data of PEP 523 would do for telling them apart; but code objects that have some make the interpreter
 * call the other users of such data, with none of theirs.)
 */
#ifndef GORDIAN_INTERPOSE_PYTHON_CODES_H
#define GORDIAN_INTERPOSE_PYTHON_CODES_H

#include <stdint.h>

struct python_codes_entry {
    uint64_t code;   /* its address; 0: free */
    uint64_t number; /* 0: it is gone */
};

struct python_codes {
    uint32_t shift; /* 64 - log2(entries) */
    uint32_t mask;
    uint32_t used;
    uint32_t reserved;
    struct python_codes_entry entries[];
};

extern struct python_codes *python_codes_now; /* NULL: there are none yet */

/* Return the number of a code object that is there, 0 when it has none. O(1). */
static inline uint64_t python_codes_number(uint64_t code) {
    const struct python_codes *codes = __atomic_load_n(&python_codes_now, __ATOMIC_ACQUIRE);
    if (__builtin_expect(!codes, 0))
        return 0;
    for (uint32_t i = (uint32_t)((code * 0x9e3779b97f4a7c15u) >> codes->shift);; i++) {
        const struct python_codes_entry *entry = &codes->entries[i & codes->mask];
        uint64_t found = __atomic_load_n(&entry->code, __ATOMIC_RELAXED);
        if (found == code)
            return __atomic_load_n(&entry->number, __ATOMIC_RELAXED);
        if (!found)
            return 0;
    }
}

/* Give it one, if it has none, and there is memory, and `type` is what it should be: the type of code
 * objects. */
void python_codes_add(void *code, void *type);

/* Forget them: the interpreter was unloaded. */
void python_codes_forget(void);

#endif
