/* What the words of an error of Helgrind's or DRD's mean. For valgrind_xml.c alone. */
#ifndef GORDIAN_REPORTS_VALGRIND_ERROR_H
#define GORDIAN_REPORTS_VALGRIND_ERROR_H

#include "reports/foreign.h"

/* A sentence of an error, and the stack that follows it. */
struct valgrind_part {
    const char *text; /* "" when there is none */
    uint32_t thread;  /* as told beside the text; 0: not told */
    enum {
        VALGRIND_SENTENCE,
        VALGRIND_FIRST_OBSERVED, /* the object that the error is about */
        VALGRIND_ALLOCATED,
        VALGRIND_OTHER /* of no use here */
    } kind;
    uint64_t address; /* first observed: of the object */
    bool has_stack;
    struct report_stack stack;
};

struct valgrind_error {
    const char *kind;                  /* "Race" */
    uint32_t thread;                   /* of Valgrind's; 0: not told */
    const struct valgrind_part *parts; /* at least one */
    size_t count;
};

/* Fill in kind, severity, title, steps, locks and place of the report. */
void valgrind_error_tell(struct memory_pool *pool, const struct valgrind_error *error,
                         struct foreign_report *report);

#endif
