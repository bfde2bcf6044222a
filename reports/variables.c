#include "reports/variables.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "reports/memory.h"

struct variable {
    uint64_t address, size, name;
    bool exported;
};

struct variables {
    struct variable *all; /* by address */
    size_t count, capacity;
    uint64_t *own_names; /* of those that are not exported, sorted, as often as they occur */
    size_t own_count, own_capacity;
    uint64_t *functions; /* hashes of names, sorted, each once */
    size_t functions_count, functions_capacity;
};

/* FNV-1a. */
static uint64_t hash_of(const char *text, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash;
}

static size_t plain_length(const char *name) {
    const char *dot = strrchr(name, '.');
    bool numbered = dot && dot > name && dot[1] && strspn(dot + 1, "0123456789") == strlen(dot + 1);
    return numbered ? (size_t)(dot - name) : strlen(name);
}

static void add_number(uint64_t **numbers, size_t *count, size_t *capacity, uint64_t number) {
    *numbers = memory_array_grow(*numbers, capacity, *count + 1, sizeof **numbers);
    (*numbers)[(*count)++] = number;
}

static void add_symbol(struct variables *variables, const GElf_Sym *symbol, const char *name) {
    int type = GELF_ST_TYPE(symbol->st_info);
    bool exported = GELF_ST_BIND(symbol->st_info) != STB_LOCAL;
    if (!name || !*name || symbol->st_shndx == SHN_UNDEF)
        return;
    uint64_t hash = hash_of(name, exported ? strlen(name) : plain_length(name));
    if (type == STT_FUNC || type == STT_GNU_IFUNC)
        add_number(&variables->functions, &variables->functions_count, &variables->functions_capacity, hash);
    if (type != STT_OBJECT || !symbol->st_size)
        return;
    if (!exported)
        add_number(&variables->own_names, &variables->own_count, &variables->own_capacity, hash);
    variables->all =
        memory_array_grow(variables->all, &variables->capacity, variables->count + 1, sizeof *variables->all);
    variables->all[variables->count++] = (struct variable){symbol->st_value, symbol->st_size, hash, exported};
}

static int compare_variables(const void *a, const void *b) {
    const struct variable *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return (x->exported < y->exported) - (x->exported > y->exported); /* the exported name first */
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void sort(struct variables *variables) {
    size_t kept = 0;
    if (variables->count)
        qsort(variables->all, variables->count, sizeof *variables->all, compare_variables);
    if (variables->own_count)
        qsort(variables->own_names, variables->own_count, sizeof(uint64_t), compare_numbers);
    if (variables->functions_count)
        qsort(variables->functions, variables->functions_count, sizeof(uint64_t), compare_numbers);
    for (size_t i = 0; i < variables->functions_count; i++)
        if (!kept || variables->functions[i] != variables->functions[kept - 1])
            variables->functions[kept++] = variables->functions[i];
    variables->functions_count = kept;
}

static void read_table(struct variables *variables, Elf *elf, unsigned wanted) {
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        GElf_Sym symbol;
        if (!gelf_getshdr(section, &header) || header.sh_type != wanted || !header.sh_entsize)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (size_t i = 0; data && i < header.sh_size / header.sh_entsize; i++)
            if (gelf_getsym(data, (int)i, &symbol))
                add_symbol(variables, &symbol, elf_strptr(elf, header.sh_link, symbol.st_name));
    }
}

struct variables *variables_read(Elf *elf) {
    size_t capacity = 0;
    struct variables *variables = memory_array_grow(NULL, &capacity, 1, sizeof *variables);
    *variables = (struct variables){0};
    if (elf)
        read_table(variables, elf, SHT_SYMTAB);
    if (elf && !variables->functions_count && !variables->count)
        read_table(variables, elf, SHT_DYNSYM);
    sort(variables);
    return variables;
}

void variables_free(struct variables *variables) {
    if (!variables)
        return;
    free(variables->all);
    free(variables->own_names);
    free(variables->functions);
    free(variables);
}

/* Return how many of the sorted numbers are below `number`. */
static size_t below(const uint64_t *numbers, size_t count, uint64_t number) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_only_one(const struct variables *variables, uint64_t name) {
    size_t at = below(variables->own_names, variables->own_count, name);
    return at + 1 >= variables->own_count || variables->own_names[at + 1] != name;
}

bool variables_find(const struct variables *variables, uint64_t address, struct variables_place *place) {
    size_t low = 0, high = variables->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (variables->all[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* Of several names of one address, the first: it is exported if any is. */
    while (low > 1 && variables->all[low - 2].address == variables->all[low - 1].address)
        low--;
    const struct variable *found = low ? &variables->all[low - 1] : NULL;
    if (!found || address - found->address >= found->size ||
        (!found->exported && !is_only_one(variables, found->name)))
        return false;
    *place = (struct variables_place){found->name, found->size, address - found->address};
    return true;
}

bool variables_alike(const struct variables *a, const struct variables *b) {
    size_t i = 0, j = 0, both = 0, any = 0;
    while (i < a->functions_count && j < b->functions_count) {
        uint64_t x = a->functions[i], y = b->functions[j];
        both += x == y;
        any++;
        i += x <= y;
        j += y <= x;
    }
    any += a->functions_count - i + b->functions_count - j;
    return both && both * 2 >= any;
}
