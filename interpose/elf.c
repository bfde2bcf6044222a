#define _GNU_SOURCE
#include "interpose/elf.h"

#include <dlfcn.h>

#include "interpose/text.h"

extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

bool elf_told(const struct dl_phdr_info *info, struct elf_file *out) {
    *out = (struct elf_file){.bias = info->dlpi_addr, .start = ~(uint64_t)0};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_DYNAMIC)
            out->dynamic = (const ElfW(Dyn) *)at;
        if (header->p_type == PT_LOAD && at < out->start)
            out->start = at;
        if (header->p_type == PT_LOAD && at + header->p_memsz > out->end)
            out->end = at + header->p_memsz;
    }
    return out->dynamic != NULL;
}

bool elf_covering(uint64_t address, struct elf_file *out) {
    struct dl_find_object object;
    if (!_dl_find_object || _dl_find_object((void *)address, &object) != 0)
        return false;
    *out = (struct elf_file){.bias = object.dlfo_link_map->l_addr,
                             .start = (uint64_t)object.dlfo_map_start,
                             .end = (uint64_t)object.dlfo_map_end,
                             .dynamic = object.dlfo_link_map->l_ld};
    return out->dynamic != NULL;
}

struct tables {
    const ElfW(Sym) * symbols;
    const char *names;
    const uint32_t *gnu, *plain; /* hash tables; NULL: it has none */
};

/* glibc adds the bias to the addresses in the dynamic section, other loaders leave them as they are in the
 * file. */
static const void *table_at(const struct elf_file *file, uint64_t address) {
    return (const void *)(address < file->bias ? file->bias + address : address);
}

static struct tables find_tables(const struct elf_file *file) {
    struct tables tables = {0};
    for (const ElfW(Dyn) *entry = file->dynamic; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            tables.symbols = table_at(file, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_STRTAB)
            tables.names = table_at(file, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_GNU_HASH)
            tables.gnu = table_at(file, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_HASH)
            tables.plain = table_at(file, entry->d_un.d_ptr);
    }
    return tables;
}

static bool defines(const struct tables *tables, uint32_t index, const char *name) {
    const ElfW(Sym) *symbol = &tables->symbols[index];
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_OBJECT) &&
           text_equal(tables->names + symbol->st_name, name);
}

/* The table: four words of header, a Bloom filter of 64-bit words, the buckets' first symbols, and for each
 * symbol from `first` on its hash, whose lowest bit marks the last one of a bucket. */
static uint32_t find_gnu(const struct tables *tables, const char *name) {
    uint32_t hash = 5381;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    uint32_t buckets = tables->gnu[0], first = tables->gnu[1], words = tables->gnu[2], shift = tables->gnu[3];
    const uint64_t *filter = (const uint64_t *)(const void *)(tables->gnu + 4);
    const uint32_t *bucket = (const uint32_t *)(const void *)(filter + words);
    if (!buckets || !words)
        return 0;
    uint64_t word = filter[hash / 64 % words];
    if (!(word >> hash % 64 & word >> (hash >> shift) % 64 & 1))
        return 0;
    uint32_t index = bucket[hash % buckets];
    if (index < first)
        return 0;
    for (const uint32_t *hashes = bucket + buckets;; index++) {
        uint32_t other = hashes[index - first];
        if ((other | 1) == (hash | 1) && defines(tables, index, name))
            return index;
        if (other & 1)
            return 0;
    }
}

/* The second word of the older table is the number of symbols. */
static uint32_t find_plain(const struct tables *tables, const char *name) {
    for (uint32_t index = 1; index < tables->plain[1]; index++)
        if (defines(tables, index, name))
            return index;
    return 0;
}

uint64_t elf_symbol(const struct elf_file *file, const char *name, uint64_t *size) {
    struct tables tables = find_tables(file);
    if (!tables.symbols || !tables.names)
        return 0;
    uint32_t index = tables.gnu ? find_gnu(&tables, name) : tables.plain ? find_plain(&tables, name) : 0;
    if (!index)
        return 0;
    if (size)
        *size = tables.symbols[index].st_size;
    return file->bias + tables.symbols[index].st_value;
}
