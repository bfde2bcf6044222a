/* What belongs to the command and lies beside it. */
#ifndef GORDIAN_CLI_BESIDE_H
#define GORDIAN_CLI_BESIDE_H

#include <stdbool.h>

/* The command's own path, for the caller to free; NULL when it cannot be told. */
char *beside_command(void);

/* The first of the places, paths from the command's folder up to a NULL, that `fits`. Returns its absolute
 * path, for the caller to free, or NULL. */
char *beside_find(const char *const places[], bool (*fits)(const char *path));

#endif
