/* Globs, as a shell has them: * any text, ? one character, [a-z] and [!a-z] one of a set, \ before one of
 * these takes it literally. They are matched by fnmatch(3) without flags: * takes a slash, too. What a plain
 * comparison can rule out never gets there, which is nearly everything in a report of thousands of frames.
 *
 * A glob keeps the text that it is made of; that belongs to the caller.
 */
#ifndef GORDIAN_REPORTS_GLOB_H
#define GORDIAN_REPORTS_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The longest glob. fnmatch(3) of glibc takes time in proportion to pattern and text then, whatever they are.
 */
#define GLOB_LIMIT 1000

struct glob {
    const char *text;
    size_t literal; /* so many bytes at its beginning stand for themselves */
    bool whole;     /* and they are all of it */
};

/* Make a glob of the text, which has at most GLOB_LIMIT bytes. */
struct glob glob_of(const char *text);

/* Whether the whole text matches. A text of more than 64 KiB matches only what `literal` decides, or "*". */
bool glob_matches(const struct glob *glob, const char *text);

/* Write the glob that matches exactly these `size` bytes of text. */
void glob_write_literally(const char *text, size_t size, FILE *out);

#endif
