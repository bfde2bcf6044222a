#define _GNU_SOURCE /* memfd_create */

#include "reports/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/memory.h"
#include "reports/table.h"

#define INLINE_LIMIT 256
#define SCOPES_LIMIT 512 /* depth of DIEs; deeper ones are a broken file's */

/* From libstdc++ (the Itanium C++ ABI, section 3.4). */
char *__cxa_demangle(const char *name, char *buffer, size_t *size, int *status);

struct range {
    uint64_t start, end;
    Dwarf_Off unit; /* offset of the unit's DIE */
};

struct symbols_image {
    struct symbols *symbols;
    struct symbols_image *older;
    const char *path;
    const char *build_id; /* hex, NULL: none */
    uint64_t started_ns;
    bool opened;
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL: the file cannot be used */
    bool names_only;     /* its DWARF is not worth reading */
    bool debug_only;     /* the separate debug file stands in for the file itself */
    bool ranged;
    struct range *ranges; /* of all units, sorted; only for files without .debug_aranges */
    size_t ranges_count, ranges_capacity;
    struct table frames; /* address -> struct report_stack */
};

struct symbols {
    struct memory_pool pool;
    struct symbols_image *images;
    struct table unknown;   /* address in no module -> struct report_stack */
    struct table qualified; /* place of a declaration in its file -> name with what is around it */
    const char **remarks;
    size_t remarks_count, remarks_capacity;
};

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

struct symbols *symbols_create(void) {
    size_t capacity = 0;
    struct symbols *symbols = memory_array_grow(NULL, &capacity, 1, sizeof *symbols);
    *symbols = (struct symbols){0};
    return symbols;
}

void symbols_free(struct symbols *symbols) {
    if (!symbols)
        return;
    for (struct symbols_image *image = symbols->images; image; image = image->older) {
        if (image->dwfl)
            dwfl_end(image->dwfl);
        free(image->ranges);
        table_free(&image->frames);
    }
    table_free(&symbols->unknown);
    table_free(&symbols->qualified);
    free(symbols->remarks);
    memory_pool_free(&symbols->pool);
    free(symbols);
}

const char *symbols_remark(const struct symbols *symbols, size_t index) {
    return index < symbols->remarks_count ? symbols->remarks[index] : NULL;
}

static void add_remark(struct symbols *symbols, const char *remark) {
    symbols->remarks = memory_array_grow(symbols->remarks, &symbols->remarks_capacity,
                                         symbols->remarks_count + 1, sizeof *symbols->remarks);
    symbols->remarks[symbols->remarks_count++] = remark;
}

static const char *hex_of(struct memory_pool *pool, const uint8_t *bytes, size_t size) {
    char *text = memory_pool_alloc(pool, size * 2 + 1);
    for (size_t i = 0; i < size; i++) {
        text[i * 2] = "0123456789abcdef"[bytes[i] >> 4];
        text[i * 2 + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return text;
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether the file is libc or the loader. Where their debug information is installed, unpacking it takes
 * longer than all the rest, for the lines of frames that start a thread or take a lock: their names say
 * enough. */
static bool is_libc(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "ld-linux", 8) == 0 ||
           strncmp(name, "libpthread.so", 13) == 0;
}

struct symbols_image *symbols_image(struct symbols *symbols, const char *path, const uint8_t *build_id,
                                    size_t build_id_size, uint64_t started_ns) {
    const char *hex = build_id_size ? hex_of(&symbols->pool, build_id, build_id_size) : NULL;
    for (struct symbols_image *image = symbols->images; image; image = image->older)
        if (strcmp(image->path, path) == 0 && same_text(image->build_id, hex) &&
            (hex || image->started_ns == started_ns))
            return image;
    struct symbols_image *image = memory_pool_alloc(&symbols->pool, sizeof *image);
    image->symbols = symbols;
    image->path = memory_pool_copy(&symbols->pool, path, strlen(path));
    image->names_only = is_libc(path);
    image->build_id = hex;
    image->started_ns = started_ns;
    image->older = symbols->images;
    symbols->images = image;
    return image;
}

/* The kernel's vdso as a file: every process of a boot has the same one, and the build id tells if not. */
static int open_vdso(void) {
    const char *start = (const char *)getauxval(AT_SYSINFO_EHDR);
    if (!start)
        return -1;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)start;
    size_t size = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
    int fd = memfd_create("vdso", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, start, size) != (ssize_t)size) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Open a regular file; a FIFO or device of that name is not touched. Returns -1 with errno. */
static int open_regular(const char *path, struct stat *status) {
    int fd =
        strcmp(path, "[vdso]") == 0 ? open_vdso() : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, status) == 0 && S_ISREG(status->st_mode))
        return fd;
    int error = fd < 0 ? errno : EINVAL;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* Use the file behind `fd` (which is taken over) if it is the one that ran. */
static bool use_file(struct symbols_image *image, int fd, const struct stat *status, const char *path) {
    uint64_t changed_ns = (uint64_t)status->st_mtim.tv_sec * 1000000000u + (uint64_t)status->st_mtim.tv_nsec;
    struct memory_pool scratch = {0};
    bool same = false;
    image->dwfl = dwfl_begin(&callbacks);
    if (!image->dwfl) {
        close(fd);
        return false;
    }
    dwfl_report_begin(image->dwfl);
    Dwfl_Module *module = dwfl_report_elf(image->dwfl, image->path, path, fd, 0, true);
    if (!module)
        close(fd);
    dwfl_report_end(image->dwfl, NULL, NULL);
    if (module) {
        GElf_Addr bias;
        Elf *elf = dwfl_module_getelf(module, &bias);
        const void *build_id = NULL;
        ssize_t size = elf ? dwelf_elf_gnu_build_id(elf, &build_id) : -1;
        const char *hex = size > 0 ? hex_of(&scratch, build_id, (size_t)size) : NULL;
        same = elf && (image->build_id ? same_text(image->build_id, hex) : changed_ns <= image->started_ns);
    }
    memory_pool_free(&scratch);
    if (same) {
        image->module = module;
        return true;
    }
    dwfl_end(image->dwfl);
    image->dwfl = NULL;
    return false;
}

static void open_image(struct symbols_image *image) {
    if (image->opened)
        return;
    image->opened = true;
    struct memory_pool *pool = &image->symbols->pool;
    struct stat status;
    const char *why = "is another build than the one that ran";
    int fd = open_regular(image->path, &status);
    if (fd < 0)
        why = errno == ENOENT || errno == ENOTDIR ? "is not there" : "cannot be read";
    else if (use_file(image, fd, &status, image->path))
        return;
    if (image->build_id && strlen(image->build_id) > 2) {
        const char *path = memory_pool_format(pool, "/usr/lib/debug/.build-id/%.2s/%s.debug", image->build_id,
                                              image->build_id + 2);
        fd = open_regular(path, &status);
        if (fd >= 0 && use_file(image, fd, &status, path)) {
            image->debug_only = true;
            return;
        }
    }
    add_remark(image->symbols,
               memory_pool_format(pool, "%s %s: its functions and locks have no names", image->path, why));
}

Elf *symbols_elf(struct symbols_image *image) {
    open_image(image);
    GElf_Addr bias;
    return image->module && !image->debug_only ? dwfl_module_getelf(image->module, &bias) : NULL;
}

static const char *demangled(struct memory_pool *pool, const char *name) {
    if (strncmp(name, "_Z", 2) != 0)
        return name;
    int status;
    char *text = __cxa_demangle(name, NULL, NULL, &status);
    const char *result = text && status == 0 ? memory_pool_copy(pool, text, strlen(text)) : name;
    free(text);
    return result;
}

static bool may_hold_functions(int tag) {
    return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
           tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Follow the DIE to where it says what it is: from an inlined call to the function, from a definition to its
 * declaration. */
static void find_declaration(Dwarf_Die *die) {
    static const unsigned ways[] = {DW_AT_abstract_origin, DW_AT_specification};
    for (size_t i = 0; i < 2; i++) {
        Dwarf_Attribute attribute;
        Dwarf_Die next;
        if (dwarf_formref_die(dwarf_attr(die, ways[i], &attribute), &next))
            *die = next;
    }
}

/* The name with the namespaces and classes around it. Functions of local types have no linkage name to
 * demangle. */
static const char *qualified(struct symbols *symbols, Dwarf_Die *die, const char *name) {
    Dwarf_Die declaration = *die, *scopes = NULL;
    struct memory_pool *pool = &symbols->pool;
    find_declaration(&declaration);
    char *known = table_find(&symbols->qualified, (uintptr_t)declaration.addr);
    if (known)
        return known;
    int count = dwarf_getscopes_die(&declaration, &scopes);
    for (int i = 1; i < count; i++) {
        const char *scope = may_hold_functions(dwarf_tag(&scopes[i])) ? dwarf_diename(&scopes[i]) : NULL;
        if (scope)
            name = memory_pool_format(pool, "%s::%s", scope, name);
    }
    free(scopes);
    table_put(&symbols->qualified, (uintptr_t)declaration.addr, (void *)name);
    return name;
}

static bool is_c(Dwarf_Die *unit) {
    int language = dwarf_srclang(unit);
    return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
           language == DW_LANG_C11;
}

/* The ELF symbol of the function at the address, as it is mangled, and the distance from its beginning; NULL
 * when there is none. */
static const char *function_symbol(struct symbols_image *image, uint64_t address, GElf_Off *distance) {
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(image->module, address, distance, &symbol, NULL, NULL, NULL);
    int type = name ? GELF_ST_TYPE(symbol.st_info) : STT_NOTYPE;
    if (!name || !*name || (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
        (symbol.st_size && *distance >= symbol.st_size))
        return NULL;
    return name;
}

/* `image`: of a function that was not inlined, else NULL. A function of a local type has its full name only
 * in the ELF symbol, which C has no use for. */
static const char *die_function(struct symbols *symbols, Dwarf_Die *die, Dwarf_Die *unit,
                                struct symbols_image *image, uint64_t address) {
    struct memory_pool *pool = &symbols->pool;
    Dwarf_Attribute attribute;
    const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    if (!name)
        name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute));
    if (!name && image && !is_c(unit)) {
        GElf_Off distance;
        const char *symbol = function_symbol(image, address, &distance);
        name = symbol && strncmp(symbol, "_Z", 2) == 0 ? symbol : NULL;
    }
    if (name)
        return demangled(pool, name);
    name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
    return name ? qualified(symbols, die, name) : NULL;
}

static uint32_t die_number(Dwarf_Die *die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value) != 0)
        return 0;
    return value > UINT32_MAX ? 0 : (uint32_t)value;
}

/* Make the file absolute with the directory of its unit. Bazel compiles in "/proc/self/cwd", which means
 * nothing to anybody else: then it stays relative to the workspace. */
static const char *file_of(struct memory_pool *pool, Dwarf_Die *unit, const char *file) {
    static const char bazel[] = "/proc/self/cwd/";
    Dwarf_Attribute attribute;
    if (!file)
        return NULL;
    if (*file != '/') {
        const char *directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
        if (directory && *directory)
            file =
                memory_pool_format(pool, "%s/%s", directory, strncmp(file, "./", 2) == 0 ? file + 2 : file);
    }
    return strncmp(file, bazel, sizeof bazel - 1) == 0 ? file + sizeof bazel - 1 : file;
}

static int compare_ranges(const void *a, const void *b) {
    const struct range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* clang writes no .debug_aranges, without which libdw 0.188 finds no unit: so ask every unit once. */
static void find_ranges(struct symbols_image *image) {
    Dwarf_Addr bias;
    Dwarf_Die *unit = NULL;
    image->ranged = true;
    while ((unit = dwfl_module_nextcu(image->module, unit, &bias)) != NULL) {
        Dwarf_Addr base, start, end;
        ptrdiff_t next = 0;
        while ((next = dwarf_ranges(unit, next, &base, &start, &end)) > 0) {
            image->ranges = memory_array_grow(image->ranges, &image->ranges_capacity, image->ranges_count + 1,
                                              sizeof *image->ranges);
            image->ranges[image->ranges_count++] =
                (struct range){start + bias, end + bias, dwarf_dieoffset(unit)};
        }
    }
    if (image->ranges_count)
        qsort(image->ranges, image->ranges_count, sizeof *image->ranges, compare_ranges);
}

/* Find the unit that covers the address. */
static bool find_unit(struct symbols_image *image, uint64_t address, Dwarf_Die *unit, Dwarf_Addr *bias) {
    if (image->names_only)
        return false;
    Dwarf *dwarf = dwfl_module_getdwarf(image->module, bias);
    Dwarf_Die *found = dwarf ? dwfl_module_addrdie(image->module, address, bias) : NULL;
    if (found) {
        *unit = *found;
        return true;
    }
    if (!dwarf)
        return false;
    if (!image->ranged)
        find_ranges(image);
    size_t low = 0, high = image->ranges_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->ranges[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < image->ranges[low - 1].end &&
           dwarf_offdie(dwarf, image->ranges[low - 1].unit, unit) != NULL;
}

static bool is_code(int tag) {
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
           tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* The DIEs around an address, from the outermost function to the innermost inlined call. */
struct scopes {
    Dwarf_Addr pc;
    bool everywhere; /* look inside functions that do not cover pc: GNU C's nested functions stand there */
    size_t count;
    Dwarf_Die dies[SCOPES_LIMIT];
};

/* dwarf_getscopes does the same but finds no function inside a namespace, where clang puts them. */
static bool find_scopes(struct scopes *scopes, Dwarf_Die *parent, unsigned depth) {
    Dwarf_Die child;
    if (depth > SCOPES_LIMIT || dwarf_child(parent, &child) != 0)
        return false;
    do {
        int tag = dwarf_tag(&child);
        bool covers = is_code(tag) && dwarf_haspc(&child, scopes->pc) > 0;
        if (covers && scopes->count < SCOPES_LIMIT) {
            scopes->dies[scopes->count++] = child;
            find_scopes(scopes, &child, depth + 1);
            return true;
        }
        if ((may_hold_functions(tag) || (scopes->everywhere && is_code(tag))) &&
            find_scopes(scopes, &child, depth + 1))
            return true;
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

/* Fill in the frames that DWARF knows at `address`. Returns how many. */
static size_t dwarf_frames(struct symbols_image *image, uint64_t address, struct report_frame *frames,
                           size_t capacity) {
    struct memory_pool *pool = &image->symbols->pool;
    Dwarf_Die unit, split;
    Dwarf_Addr bias;
    if (!find_unit(image, address, &unit, &bias))
        return 0;
    struct scopes scopes = {.pc = address - bias};
    const char *file = NULL;
    int line = 0;
    Dwarf_Line *place = dwarf_getsrc_die(&unit, scopes.pc);
    if (place) {
        file = file_of(pool, &unit, dwarf_linesrc(place, NULL, NULL));
        dwarf_lineno(place, &line);
    }
    Dwarf_Die *body = &unit;
    uint8_t type;
    if (dwarf_cu_info(unit.cu, NULL, &type, NULL, &split, NULL, NULL, NULL) == 0 && type == DW_UT_skeleton &&
        split.addr)
        body = &split;
    Dwarf_Files *files = NULL;
    size_t files_count = 0, count = 0;
    dwarf_getsrcfiles(body, &files, &files_count);
    if (!find_scopes(&scopes, body, 0)) {
        scopes.everywhere = true;
        find_scopes(&scopes, body, 0);
    }
    for (size_t i = scopes.count; i > 0 && count < capacity; i--) {
        Dwarf_Die *die = &scopes.dies[i - 1];
        int tag = dwarf_tag(die);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        frames[count++] = (struct report_frame){
            .function =
                die_function(image->symbols, die, &unit, tag == DW_TAG_subprogram ? image : NULL, address),
            .file = file,
            .line = line > 0 ? (uint32_t)line : 0,
            .inlined = tag == DW_TAG_inlined_subroutine,
            .declared = die_number(die, DW_AT_decl_line),
        };
        if (tag == DW_TAG_subprogram)
            break;
        uint32_t index = die_number(die, DW_AT_call_file);
        file = files && index < files_count ? file_of(pool, &unit, dwarf_filesrc(files, index, NULL, NULL))
                                            : NULL;
        line = (int)die_number(die, DW_AT_call_line);
    }
    if (!count && file)
        frames[count++] = (struct report_frame){.file = file, .line = line > 0 ? (uint32_t)line : 0};
    if (count)
        frames[count - 1].inlined = false;
    return count;
}

static struct report_stack *keep(struct memory_pool *pool, struct table *table, uint64_t address,
                                 const struct report_frame *frames, size_t count) {
    struct report_frame *kept = memory_pool_alloc(pool, count * sizeof *kept);
    memcpy(kept, frames, count * sizeof *kept);
    struct report_stack *stack = memory_pool_alloc(pool, sizeof *stack);
    *stack = (struct report_stack){.frames = kept, .count = count};
    table_put(table, address, stack);
    return stack;
}

struct report_stack symbols_frames(struct symbols *symbols, struct symbols_image *image, uint64_t address) {
    struct table *table = image ? &image->frames : &symbols->unknown;
    struct report_stack *known = table_find(table, address);
    if (known)
        return *known;
    struct report_frame frames[INLINE_LIMIT] = {{0}};
    size_t count = 0;
    if (image) {
        open_image(image);
        count = image->module ? dwarf_frames(image, address, frames, INLINE_LIMIT) : 0;
    }
    if (!count)
        count = 1;
    if (image && image->module && !frames[count - 1].function) {
        GElf_Off distance;
        const char *symbol = function_symbol(image, address, &distance);
        frames[count - 1].function = symbol ? demangled(&symbols->pool, symbol) : NULL;
        frames[count - 1].within = symbol ? distance : 0;
    }
    for (size_t i = 0; i < count; i++) {
        frames[i].module = image ? image->path : NULL;
        frames[i].build_id = image ? image->build_id : NULL;
        frames[i].offset = address;
    }
    return *keep(&symbols->pool, table, address, frames, count);
}

const char *symbols_variable(struct symbols_image *image, uint64_t address, uint64_t *distance) {
    open_image(image);
    if (!image->module)
        return NULL;
    GElf_Sym symbol;
    GElf_Off within;
    const char *name = dwfl_module_addrinfo(image->module, address, &within, &symbol, NULL, NULL, NULL);
    if (!name || !*name || GELF_ST_TYPE(symbol.st_info) != STT_OBJECT || within >= symbol.st_size)
        return NULL;
    *distance = within;
    struct memory_pool *pool = &image->symbols->pool;
    const char *plain = demangled(pool, name);
    const char *dot = plain == name ? strrchr(plain, '.') : NULL;
    if (dot && dot > plain && dot[1] && strspn(dot + 1, "0123456789") == strlen(dot + 1))
        return memory_pool_copy(pool, plain, (size_t)(dot - plain));
    return plain;
}
