/* Reads what Helgrind and DRD, Valgrind's tools for threads, write with --xml=yes (protocol 4), piece by
 * piece.
 *
 * expat does the parsing. Nothing is fetched, and a document type, without which no entity can be declared,
 * is refused. Bounds: elements nested 64 deep, 64 KiB of text in an element, 65,536 threads, and those of
 * foreign.h. Memory is in proportion to the largest error and the number of threads. Not thread-safe.
 *
 * Valgrind gives the addresses of code, but not where its files are loaded: a frame without a function is
 * "???" in its file.
 */
#ifndef GORDIAN_REPORTS_VALGRIND_XML_H
#define GORDIAN_REPORTS_VALGRIND_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/foreign.h"

struct valgrind_xml;

/* Return a reader that hands each error to the sink. The sink must outlive it. */
struct valgrind_xml *valgrind_xml_open(const struct foreign_sink *sink);

/* Read the next piece; `last`: nothing follows. Returns 0, or -EINVAL with one line in `error` that says what
 * is wrong with the file. Then, or when the last piece has come, nothing more can be read; the errors before
 * the damage, and what is there of the one in it, were handed over. */
int valgrind_xml_read(struct valgrind_xml *xml, const char *bytes, size_t size, bool last, char *error,
                      size_t error_size);

void valgrind_xml_close(struct valgrind_xml *xml);

/* Whether a file that begins with this text is one of Valgrind's. */
bool valgrind_xml_is(const char *text, size_t size);

#endif
