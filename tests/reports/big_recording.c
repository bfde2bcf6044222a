/* Writes a well-formed recording as large as one is asked for, of a program that never ran.
 *
 *     big_recording OUT ELF FINDINGS STACKS DEPENDENCIES [THREADS [DEEPEST]]
 *
 * Its stacks are made of addresses in the functions of ELF, so that all of it has names to look up; every
 * thousandth stack has DEEPEST frames (10000). Locks are taken in the order of their numbers, but for the two
 * of each finding. The same arguments give the same bytes.
 */
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/reports/recording_builder.h"

#define BIAS UINT64_C(0x555555000000)
#define HEAP UINT64_C(0x7f0000000000)
#define DEPTH 24 /* frames of a usual stack, at most */

struct symbol {
    uint64_t address, size;
};

struct symbols {
    struct symbol *all;
    size_t count;
};

static uint64_t state = 88172645463325252u;

/* Marsaglia's xorshift64. */
static uint64_t random_number(uint64_t below) {
    if (!below)
        abort();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "big_recording: %s: %s\n", what, why);
    exit(1);
}

/* The symbols of a type that have a size. */
static struct symbols read_symbols(Elf *elf, int type) {
    struct symbols found = {0};
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        GElf_Sym symbol;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        size_t count = header.sh_size / header.sh_entsize;
        free(found.all);
        found.all = calloc(count + 1, sizeof *found.all);
        for (size_t i = 0; found.all && i < count; i++)
            if (gelf_getsym(data, (int)i, &symbol) && GELF_ST_TYPE(symbol.st_info) == type &&
                symbol.st_size && symbol.st_shndx)
                found.all[found.count++] = (struct symbol){symbol.st_value, symbol.st_size};
    }
    return found;
}

static size_t build_id_of(Elf *elf, uint8_t *bytes, size_t room) {
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        GElf_Nhdr note;
        size_t name, text, next = 0;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        while ((next = gelf_getnote(data, next, &note, &name, &text)) > 0)
            if (note.n_type == NT_GNU_BUILD_ID && note.n_descsz <= room) {
                memcpy(bytes, (char *)data->d_buf + text, note.n_descsz);
                return note.n_descsz;
            }
    }
    return 0;
}

struct sizes {
    uint32_t findings, stacks, dependencies, threads, deepest, locks;
};

static struct lock_hold hold_of(const struct sizes *sizes, uint32_t lock) {
    return (struct lock_hold){lock, LOCK_EXCLUSIVE, 1 + (uint32_t)random_number(sizes->stacks)};
}

static void write_stacks(struct recording_builder *builder, const struct symbols *functions,
                         const struct sizes *sizes) {
    uint64_t *addresses = calloc(sizes->deepest + DEPTH, sizeof *addresses);
    for (uint32_t id = 1; addresses && id <= sizes->stacks; id++) {
        size_t count = id % 1000 == 7 ? sizes->deepest : 4 + random_number(DEPTH - 3);
        for (size_t i = 0; i < count; i++) {
            const struct symbol *function = &functions->all[random_number(functions->count)];
            addresses[i] = BIAS + function->address + random_number(function->size);
        }
        builder_stack(builder, id, addresses, count);
    }
    free(addresses);
}

static void write_locks(struct recording_builder *builder, const struct symbols *variables,
                        const struct sizes *sizes) {
    for (uint32_t id = 1; id <= sizes->locks; id++) {
        bool is_static = variables->count && id % 16 == 0;
        uint64_t address =
            is_static ? BIAS + variables->all[id / 16 % variables->count].address : HEAP + id * 64u;
        uint32_t stack = 1 + (uint32_t)random_number(sizes->stacks);
        builder_lock(builder, id, id % 8 == 3 ? LOCK_KIND_RWLOCK : LOCK_KIND_MUTEX, address,
                     is_static ? 0 : stack, stack);
    }
}

/* What a thread held when it wanted a lock, or a thread of a finding. */
static void add_dependency(struct recording_builder *builder, const struct builder_step *step) {
    union {
        struct recording_dependency dependency;
        char room[sizeof(struct recording_dependency) + sizeof step->holds];
    } whole = {
        .dependency = {.thread = step->thread, .wants = step->wants, .holds_count = step->holds_count}};
    memcpy(whole.dependency.holds, step->holds, step->holds_count * sizeof *step->holds);
    builder_record(builder, RECORDING_DEPENDENCY, &whole,
                   sizeof whole.dependency + step->holds_count * sizeof *step->holds);
}

static void write_dependencies(struct recording_builder *builder, const struct sizes *sizes) {
    for (uint32_t i = 2 * sizes->findings; i < sizes->dependencies; i++) {
        struct builder_step step = {.thread = 1 + (uint32_t)random_number(sizes->threads)};
        uint32_t lock = 1 + (uint32_t)random_number(sizes->locks - 32);
        step.holds_count = 1 + (uint32_t)random_number(3);
        for (uint32_t k = 0; k < step.holds_count; k++, lock += 1 + (uint32_t)random_number(8))
            step.holds[k] = hold_of(sizes, lock);
        step.wants = hold_of(sizes, lock);
        add_dependency(builder, &step);
    }
}

static void write_findings(struct recording_builder *builder, const struct sizes *sizes) {
    for (uint32_t i = 0; i < sizes->findings; i++) {
        uint32_t span = sizes->locks > 1 ? sizes->locks - 1 : 1;
        uint32_t first = 1 + 2 * i % span, second = first + 1;
        uint32_t thread = 1 + (uint32_t)random_number(sizes->threads - 1);
        struct builder_step steps[2] = {
            {.thread = thread,
             .holds = {hold_of(sizes, first)},
             .holds_count = 1,
             .wants = hold_of(sizes, second)},
            {.thread = thread + 1,
             .holds = {hold_of(sizes, second)},
             .holds_count = 1,
             .wants = hold_of(sizes, first)},
        };
        add_dependency(builder, &steps[0]);
        add_dependency(builder, &steps[1]);
        builder_finding(builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE, steps, 2);
    }
}

static void write_threads(struct recording_builder *builder, const struct sizes *sizes) {
    builder_thread(builder, 1, 0, 0, "big");
    for (uint32_t id = 2; id <= sizes->threads; id++) {
        struct recording_segment segment = {.thread = id, .cross_thread = 1, .cross_index = id - 2};
        builder_thread(builder, id, 1, 1 + (uint32_t)random_number(sizes->stacks), NULL);
        builder_record(builder, RECORDING_SEGMENT, &segment, sizeof segment);
    }
}

static uint32_t number(const char *text, uint32_t least) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value < least || value > 100000000)
        fail(text, "no number that makes sense here");
    return (uint32_t)value;
}

static void save(const struct recording_builder *builder, const char *path) {
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(builder->bytes, 1, builder->size, out) != builder->size || fclose(out) != 0)
        fail(path, "cannot be written");
}

int main(int argc, char **argv) {
    char path[PATH_MAX];
    if (argc < 6 || argc > 8)
        fail("usage", "big_recording OUT ELF FINDINGS STACKS DEPENDENCIES [THREADS [DEEPEST]]");
    struct sizes sizes = {.findings = number(argv[3], 0),
                          .stacks = number(argv[4], 1),
                          .dependencies = number(argv[5], 0),
                          .threads = argc > 6 ? number(argv[6], 2) : 64,
                          .deepest = argc > 7 ? number(argv[7], 1) : 10000};
    sizes.locks = 64 + 2 * sizes.findings + sizes.dependencies / 50;
    elf_version(EV_CURRENT);
    int fd = realpath(argv[2], path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
    struct symbols functions = elf ? read_symbols(elf, STT_FUNC) : (struct symbols){0};
    struct symbols variables = elf ? read_symbols(elf, STT_OBJECT) : (struct symbols){0};
    if (!functions.count)
        fail(argv[2], "no ELF file with symbols");
    uint8_t build_id[36];
    size_t build_id_size = build_id_of(elf, build_id, sizeof build_id);
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->started_ns = UINT64_C(4102444800000000000); /* no file is younger */
    builder_module(&builder, 1, path, BIAS, BIAS + (UINT64_C(1) << 32), BIAS, build_id,
                   (uint32_t)build_id_size);
    write_stacks(&builder, &functions, &sizes);
    write_threads(&builder, &sizes);
    write_locks(&builder, &variables, &sizes);
    write_dependencies(&builder, &sizes);
    write_findings(&builder, &sizes);
    builder_header(&builder)->state = RECORDING_ENDED;
    builder_header(&builder)->findings = sizes.findings;
    save(&builder, argv[1]);
    builder_free(&builder);
    free(functions.all);
    free(variables.all);
    elf_end(elf);
    close(fd);
    return 0;
}
