/* What a step of a finding does, in the words that suit its kind: the lines over the stacks in text, the
 * messages of places in SARIF. Strings come from the pool that is passed. */
#ifndef GORDIAN_REPORTS_STEP_WORDS_H
#define GORDIAN_REPORTS_STEP_WORDS_H

#include "reports/memory.h"
#include "reports/report.h"

/* "holds" "account_lock" ", locked at", which a stack or place follows. */
struct step_words {
    const char *verb;
    const char *name;
    const char *then; /* ends with " at" */
};

/* The words for a lock that the step holds, or for the earlier event that a misuse contradicts. */
struct step_words step_words_hold(struct memory_pool *pool, const struct report_finding *finding, size_t step,
                                  const struct report_hold *hold);

/* The words for what the step wants, which is a lock. */
struct step_words step_words_wish(struct memory_pool *pool, const struct report_finding *finding,
                                  size_t step);

/* What is to be said of the step's thread behind its name: ", which has ended", " of the parent process", ",
 * earlier"; "" mostly. */
const char *step_words_thread(const struct report_finding *finding, size_t step);

/* The whole as a sentence: "teller holds account_lock, locked here", with "here" or "at bank.c:12" for
 * `place`. */
const char *step_words_sentence(struct memory_pool *pool, const struct report_finding *finding, size_t step,
                                const struct step_words *words, const char *place);

#endif
