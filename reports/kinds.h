/* What each kind of finding means, for formats that describe their rules. All functions are pure. */
#ifndef GORDIAN_REPORTS_KINDS_H
#define GORDIAN_REPORTS_KINDS_H

#include <stdint.h>

struct kind_text {
    const char *name;  /* one word in Pascal case: "PotentialDeadlock" */
    const char *brief; /* one sentence */
    const char *full;  /* when it is reported */
    const char *help;  /* what to do about it */
    uint32_t severity; /* the usual one: enum finding_severity */
    const char *cwe;   /* "CWE-833"; NULL: none fits */
};

/* The text of a kind of enum finding_kind. Never NULL; a kind that is not known has a text that says so. */
const struct kind_text *kinds_text(uint32_t kind);

#endif
