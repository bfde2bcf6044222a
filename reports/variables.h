/* The variables of an ELF file, for telling whether two builds have the same one.
 *
 * A variable is known by its name. That is enough for one that other files of the program can name. A name
 * that is the file's own must be the only one of that name in the ELF file; the number that a compiler puts
 * behind a local static's name does not count.
 *
 * Not thread-safe. Memory belongs to the variables: O(symbols).
 */
#ifndef GORDIAN_REPORTS_VARIABLES_H
#define GORDIAN_REPORTS_VARIABLES_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct variables;

struct variables_place {
    uint64_t name;     /* hash of the variable's name */
    uint64_t size;     /* of the variable */
    uint64_t distance; /* from its beginning */
};

/* Read the symbol tables of the file. NULL is allowed: a file without symbols. O(symbols log symbols). */
struct variables *variables_read(Elf *elf);
void variables_free(struct variables *variables);

/* Return whether a variable covers the address, and its name is enough to know it in another build. */
bool variables_find(const struct variables *variables, uint64_t address, struct variables_place *place);

/* Return whether two files are builds of one program: at least half of the functions that one of them has,
 * both have. O(functions). */
bool variables_alike(const struct variables *a, const struct variables *b);

#endif
