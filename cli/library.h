/* Where libgordian.so is. */
#ifndef GORDIAN_CLI_LIBRARY_H
#define GORDIAN_CLI_LIBRARY_H

/* Find the library that belongs to this command: $GORDIAN_LIBRARY, or else beside the command. Returns its
 * absolute path, for the caller to free, or NULL after the failure was told. */
char *library_find(void);

#endif
