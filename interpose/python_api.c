#define _GNU_SOURCE
#include "interpose/python_api.h"

#include <string.h>

#include "interpose/elf.h"
#include "interpose/gil.h"
#include "interpose/raw.h"

const struct python_api *python_api_now;

/* The file that was looked at last, since calls come from the same few. */
static uint64_t looked_start, looked_end;

/* Python's own headers of 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0; the structures are frozen from the first
 * release candidate of a version on. */
static const struct python_layout layouts[] = {
    {.version = 0x309,
     .innermost = 24,
     .indirect = -1,
     .back = 24,
     .code = 32,
     .instruction = 104,
     .narrow = true},
    {.version = 0x30a,
     .innermost = 24,
     .indirect = -1,
     .back = 24,
     .code = 32,
     .instruction = 96,
     .narrow = true},
    {.version = 0x30b,
     .innermost = 56,
     .indirect = 8,
     .back = 48,
     .code = 32,
     .instruction = 56,
     .owner = 69},
    {.version = 0x30c, .innermost = 56, .indirect = 0, .back = 8, .code = 0, .instruction = 56, .owner = 70},
    {.version = 0x30d, .innermost = 72, .indirect = -1, .back = 8, .code = 0, .instruction = 56, .owner = 70},
};

enum need { FOR_GIL, FOR_FRAMES, OPTIONAL };

#define PLACE(member) offsetof(struct python_api, member)

/* Of two names for the same, the newer comes first. */
static const struct {
    const char *name;
    size_t place;
    enum need need;
} functions[] = {
    {"PyThreadState_GetUnchecked", PLACE(current), OPTIONAL},
    {"_PyThreadState_UncheckedGet", PLACE(current), FOR_GIL},
    {"PyGILState_GetThisThreadState", PLACE(own), FOR_GIL},
    {"PyThreadState_GetInterpreter", PLACE(interpreter), FOR_FRAMES},
    {"PyInterpreterState_Main", PLACE(main_interpreter), FOR_FRAMES},
    {"Py_IsInitialized", PLACE(is_initialized), FOR_FRAMES},
    {"Py_IsFinalizing", PLACE(is_finalizing), OPTIONAL},
    {"_Py_IsFinalizing", PLACE(is_finalizing), FOR_FRAMES},
    {"PyThreadState_GetFrame", PLACE(frame), FOR_FRAMES},
    {"PyFrame_GetBack", PLACE(back), FOR_FRAMES},
    {"PyFrame_GetCode", PLACE(code), FOR_FRAMES},
    {"PyFrame_GetLineNumber", PLACE(line), FOR_FRAMES},
    {"PyFrame_GetLasti", PLACE(instruction), OPTIONAL},
    {"Py_DecRef", PLACE(release), FOR_FRAMES},
    {"PyObject_Type", PLACE(type), FOR_FRAMES},
    {"PyObject_GetAttrString", PLACE(attribute), FOR_FRAMES},
    {"PyLong_AsLong", PLACE(as_long), FOR_FRAMES},
    {"PyUnicode_GetLength", PLACE(length), FOR_FRAMES},
    {"PyUnicode_ReadChar", PLACE(character), FOR_FRAMES},
    {"PyBytes_AsString", PLACE(bytes), OPTIONAL},
    {"PyBytes_Size", PLACE(bytes_length), OPTIONAL},
    {"PyErr_Fetch", PLACE(error_fetch), FOR_FRAMES},
    {"PyErr_Restore", PLACE(error_restore), FOR_FRAMES},
    {"PyGC_Disable", PLACE(gc_disable), OPTIONAL},
    {"PyGC_Enable", PLACE(gc_enable), OPTIONAL},
};

/* Returns whether all that the GIL needs is there. */
static bool find_functions(const struct elf_file *file, struct python_api *api) {
    bool gil = true;
    api->frames = true;
    for (unsigned i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        uint64_t known, found;
        memcpy(&known, (char *)api + functions[i].place, sizeof known);
        if (known)
            continue;
        found = elf_symbol(file, functions[i].name, NULL);
        memcpy((char *)api + functions[i].place, &found, sizeof found);
        gil &= found || functions[i].need != FOR_GIL;
        api->frames &= found || functions[i].need != FOR_FRAMES;
    }
    return gil;
}

/* Py_Version is a constant since 3.11. */
static uint32_t find_version(const struct elf_file *file, const struct python_api *api) {
    uint64_t bytes = 0;
    uint64_t at = elf_symbol(file, "Py_Version", &bytes);
    if (at && bytes == sizeof(unsigned long))
        return (uint32_t)(*(const unsigned long *)at >> 16);
    return api->gc_disable ? 0x30a : 0x309;
}

static bool take(const struct elf_file *file) {
    uint64_t bytes = 0, runtime = elf_symbol(file, "_PyRuntime", &bytes);
    if (!runtime || elf_symbol(file, "_Py_MergeZeroLocalRefcount", NULL))
        return false;
    struct python_api *api = raw_pages((sizeof *api + 4095) & ~(size_t)4095);
    if (!api)
        return false;
    if (!find_functions(file, api)) {
        raw_munmap(api, (sizeof *api + 4095) & ~(size_t)4095);
        return false;
    }
    api->start = file->start;
    api->end = file->end;
    api->runtime = runtime;
    api->runtime_bytes = bytes;
    api->version = find_version(file, api);
    for (unsigned i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].version == api->version)
            api->layout = &layouts[i];
    gil_found(runtime, bytes);
    __atomic_store_n(&python_api_now, api, __ATOMIC_RELEASE);
    return true;
}

static int take_told(struct dl_phdr_info *info, size_t size, void *context) {
    struct elf_file file;
    (void)size, (void)context;
    return elf_told(info, &file) && take(&file);
}

void python_api_start(void) {
    dl_iterate_phdr(take_told, NULL);
}

const struct python_api *python_api_look(uint64_t pc) {
    struct elf_file file;
    if (python_api_now || (pc >= looked_start && pc < looked_end) || !elf_covering(pc, &file))
        return NULL;
    looked_start = file.start;
    looked_end = file.end;
    return take(&file) ? python_api_now : NULL;
}

bool python_api_unloaded(uint64_t start, uint64_t end) {
    const struct python_api *api = python_api_now;
    if (start < looked_end && looked_start < end)
        looked_start = looked_end = 0;
    if (!api || api->runtime < start || api->runtime >= end)
        return false;
    __atomic_store_n(&python_api_now, NULL, __ATOMIC_RELEASE);
    gil_found(0, 0);
    return true;
}
