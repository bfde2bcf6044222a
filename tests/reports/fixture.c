/* The line numbers of the first part are written out in the tests' expected reports. */
#define _GNU_SOURCE
#include "tests/reports/fixture.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

pthread_mutex_t account_lock = PTHREAD_MUTEX_INITIALIZER;
struct fixture_table table;
pthread_mutex_t bank_lock = PTHREAD_MUTEX_INITIALIZER;

/* Walks the frame pointers up to session(). */
__attribute__((noinline)) static void capture(struct fixture_stack *stack, size_t frames) {
    void **frame = __builtin_frame_address(0);
    for (stack->count = 0; stack->count < frames; frame = (void **)*frame)
        stack->addresses[stack->count++] = (uint64_t)(uintptr_t)frame[1] - 1;
    __asm__ volatile("" ::: "memory");
}

__attribute__((always_inline)) static inline void take(struct fixture_stack *stack) {
    capture(stack, 2);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void transfer(struct fixture_stack *first, struct fixture_stack *second) {
    take(first);
    take(second);
    __asm__ volatile("" ::: "memory");
}

void audit(struct fixture_stack *stack) __asm__("_ZN4Bank5auditEv");

__attribute__((noinline)) void audit(struct fixture_stack *stack) {
    capture(stack, 2);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void session(struct fixture_stack *stacks) {
    transfer(&stacks[0], &stacks[1]);
    audit(&stacks[2]);
    __asm__ volatile("" ::: "memory");
}

struct fixture_stack fixture_transfer_first(void) {
    struct fixture_stack stacks[3];
    session(stacks);
    return stacks[0];
}

struct fixture_stack fixture_transfer_second(void) {
    struct fixture_stack stacks[3];
    session(stacks);
    return stacks[1];
}

struct fixture_stack fixture_audit(void) {
    struct fixture_stack stacks[3];
    session(stacks);
    return stacks[2];
}

static uint32_t find_build_id(const struct dl_phdr_info *info, uint8_t *build_id) {
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const char *at = (const char *)info->dlpi_addr + segment->p_vaddr, *end = at + segment->p_memsz;
        while (segment->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const char *name = at + sizeof *note, *value = name + (note->n_namesz + 3) / 4 * 4;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
                note->n_descsz <= 36) {
                memcpy(build_id, value, note->n_descsz);
                return note->n_descsz;
            }
            at = value + (note->n_descsz + 3) / 4 * 4;
        }
    }
    return 0;
}

static void find_range(const struct dl_phdr_info *info, uint64_t *start, uint64_t *end) {
    *start = UINT64_MAX;
    *end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uint64_t from = info->dlpi_addr + segment->p_vaddr, to = from + segment->p_memsz;
        *start = from < *start ? from : *start;
        *end = to > *end ? to : *end;
    }
}

static int add_object(struct dl_phdr_info *info, size_t size, void *context) {
    struct fixture_module *module = context;
    (void)size;
    if (!module->start) { /* the program itself comes first */
        find_range(info, &module->start, &module->end);
        module->bias = info->dlpi_addr;
        module->build_id_size = find_build_id(info, module->build_id);
    } else if (strstr(info->dlpi_name, "vdso")) {
        find_range(info, &module->vdso_start, &module->vdso_end);
        module->vdso_build_id_size = find_build_id(info, module->vdso_build_id);
    }
    return 0;
}

struct fixture_module fixture_module(void) {
    static char path[4096];
    struct fixture_module module = {0};
    dl_iterate_phdr(add_object, &module);
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    module.path = path;
    return module;
}
