#define _GNU_SOURCE
#include "interpose/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/text.h"

struct module {
    uint64_t start, end, bias;
    const struct recording_module *record;
};

/* A few dozen to a few hundred, sorted by start. */
static struct module *modules;
static uint32_t count, room, last_id;

extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

static uint32_t place_of(uint64_t address) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (modules[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low; /* the first that starts after the address */
}

static const struct module *covering(uint64_t address) {
    uint32_t i = place_of(address);
    return i && address < modules[i - 1].end ? &modules[i - 1] : NULL;
}

const char *modules_find(uint64_t address, uint64_t *offset) {
    const struct module *module = covering(address);
    if (!module)
        return NULL;
    *offset = address - module->bias;
    return module->record->path;
}

/* The GNU build id in a note segment; returns its size, 0 when there is none. */
static uint32_t find_build_id(const char *notes, size_t bytes, uint8_t *out, size_t size) {
    while (bytes >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, notes, sizeof note);
        size_t name = ((size_t)note.n_namesz + 3) & ~(size_t)3,
               text = ((size_t)note.n_descsz + 3) & ~(size_t)3;
        if (name + text > bytes - sizeof note)
            return 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(notes + sizeof note, "GNU", 4) == 0 && note.n_descsz <= size) {
            memcpy(out, notes + sizeof note + name, note.n_descsz);
            return note.n_descsz;
        }
        notes += sizeof note + name + text;
        bytes -= sizeof note + name + text;
    }
    return 0;
}

struct build_id {
    uint32_t size;
    uint8_t bytes[36];
};

static struct build_id build_id_of(uint64_t bias, const ElfW(Phdr) * headers, unsigned n) {
    struct build_id id = {0};
    for (unsigned i = 0; i < n && !id.size; i++)
        if (headers[i].p_type == PT_NOTE)
            id.size = find_build_id((const char *)(bias + headers[i].p_vaddr), headers[i].p_memsz, id.bytes,
                                    sizeof id.bytes);
    return id;
}

/* The path to record for the name that the loader has: absolute, or "[vdso]". Uses `buffer` where the name
 * won't do. */
static const char *path_of(const char *name, char *buffer, size_t size) {
    if (!name || !*name) { /* the program itself: its name may be a bare argv[0] */
        long length = raw_readlink("/proc/self/exe", buffer, size - 1);
        buffer[length > 0 ? length : 0] = '\0';
        return buffer;
    }
    if (text_starts(name, "linux-vdso") || text_starts(name, "linux-gate"))
        return "[vdso]";
    if (name[0] == '/')
        return name;
    struct text absolute;
    char here[2048];
    long got = raw_syscall(SYS_getcwd, (long)here, sizeof here, 0, 0, 0, 0);
    text_init(&absolute, buffer, size);
    text_add(&absolute, got > 0 ? here : "");
    text_add(&absolute, "/");
    text_add(&absolute, name);
    return buffer;
}

static bool make_room(void) {
    if (count < room)
        return true;
    uint32_t wider_room = room ? room * 2 : 128;
    struct module *wider = raw_pages(((wider_room * sizeof *wider) + 4095) & ~(size_t)4095);
    if (!wider)
        return false;
    if (modules) {
        memcpy(wider, modules, count * sizeof *wider);
        raw_munmap(modules, ((room * sizeof *wider) + 4095) & ~(size_t)4095);
    }
    modules = wider;
    room = wider_room;
    return true;
}

static void add(uint64_t start, uint64_t end, uint64_t bias, const char *path, const struct build_id *id) {
    size_t path_size = text_length(path) + 1;
    if (covering(start) || !make_room())
        return;
    struct recording_module *record =
        recorder_append(session_recorder(), RECORDING_MODULE, sizeof *record + path_size);
    if (!record)
        return;
    record->module = ++last_id;
    record->start = start;
    record->end = end;
    record->bias = bias;
    record->path_size = (uint32_t)path_size;
    memcpy(record->path, path, path_size);
    record->build_id_size = id->size;
    memcpy(record->build_id, id->bytes, sizeof record->build_id);
    recorder_commit(record);
    uint32_t place = place_of(start);
    memmove(modules + place + 1, modules + place, (count - place) * sizeof *modules);
    modules[place] = (struct module){start, end, bias, record};
    count++;
}

static void add_object(uint64_t start, uint64_t end, uint64_t bias, const char *name,
                       const ElfW(Phdr) * headers, unsigned n) {
    char buffer[4096];
    struct build_id id = build_id_of(bias, headers, n);
    add(start, end, bias, path_of(name, buffer, sizeof buffer), &id);
}

static int add_loaded(struct dl_phdr_info *info, size_t size, void *context) {
    uint64_t start = ~(uint64_t)0, end = 0;
    (void)size, (void)context;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            uint64_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            if (at < start)
                start = at & ~(uint64_t)4095;
            if (at + info->dlpi_phdr[i].p_memsz > end)
                end = (at + info->dlpi_phdr[i].p_memsz + 4095) & ~(uint64_t)4095;
        }
    if (start < end)
        add_object(start, end, info->dlpi_addr, info->dlpi_name, info->dlpi_phdr, info->dlpi_phnum);
    return 0;
}

void modules_start(void) {
    modules = NULL;
    count = room = last_id = 0;
    dl_iterate_phdr(add_loaded, NULL);
}

/* The parent's list holds in the child: the same mappings, noted in a new recording. Asking the loader again
 * would take its lock, which a thread that did not survive the fork may have held. */
void modules_restart(void) {
    struct module *inherited = modules;
    uint32_t inherited_count = count;
    modules = NULL;
    count = room = last_id = 0;
    for (uint32_t i = 0; i < inherited_count; i++) {
        const struct recording_module *from = inherited[i].record;
        struct build_id id = {.size = from->build_id_size};
        memcpy(id.bytes, from->build_id, sizeof id.bytes);
        add(inherited[i].start, inherited[i].end, inherited[i].bias, from->path, &id);
    }
}

void modules_note(uint64_t address) {
    struct dl_find_object object;
    if (covering(address) || !_dl_find_object || _dl_find_object((void *)address, &object) != 0)
        return;
    /* The ELF header stands at the start of the mapping, with the program headers behind it. */
    const ElfW(Ehdr) *header = object.dlfo_map_start;
    bool headers = memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
                   header->e_phentsize == sizeof(ElfW(Phdr)) &&
                   header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) <= 4096;
    add_object((uint64_t)object.dlfo_map_start, (uint64_t)object.dlfo_map_end, object.dlfo_link_map->l_addr,
               object.dlfo_link_map->l_name,
               headers ? (const ElfW(Phdr) *)((const char *)header + header->e_phoff) : NULL,
               headers ? header->e_phnum : 0);
}

bool modules_check(void (*gone)(uint64_t start, uint64_t end)) {
    bool any = false;
    for (uint32_t i = 0; i < count;) {
        struct dl_find_object object;
        const struct recording_module *record = modules[i].record;
        if (!_dl_find_object || text_equal(record->path, "[vdso]") ||
            (_dl_find_object((void *)modules[i].start, &object) == 0 &&
             object.dlfo_link_map->l_addr == modules[i].bias &&
             (object.dlfo_link_map->l_name[0] != '/' ||
              text_equal(object.dlfo_link_map->l_name, record->path)))) {
            i++;
            continue;
        }
        struct recording_module_end *end =
            recorder_append(session_recorder(), RECORDING_MODULE_END, sizeof *end);
        if (end) {
            end->module = record->module;
            recorder_commit(end);
        }
        gone(modules[i].start, modules[i].end);
        memmove(modules + i, modules + i + 1, (count - i - 1) * sizeof *modules);
        count--;
        any = true;
    }
    return any;
}
