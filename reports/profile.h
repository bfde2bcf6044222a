/* The profiles of the locks of some recordings, sorted; resolved when they are looked at.
 *
 * Not thread-safe. The list owns its items; what they are resolved to belongs to the resolvers' pool.
 */
#ifndef GORDIAN_REPORTS_PROFILE_H
#define GORDIAN_REPORTS_PROFILE_H

#include "reports/report.h"
#include "reports/resolver.h"

/* Zero-initialised, a list is empty and ready. */
struct profile_list {
    struct profile_item *items;
    size_t count, capacity;
};

void profile_list_clear(struct profile_list *list);
void profile_list_free(struct profile_list *list);

/* Append the profiles of a recording as they are now. */
void profile_list_add(struct profile_list *list, struct resolver *resolver,
                      const struct report_process *process);

/* Sort by the time waited, the longest first; in the order of adding where it is the same. O(n log n). */
void profile_list_sort(struct profile_list *list);

/* The profile at `index`, with names and stacks; valid until the list is cleared. */
const struct report_profile *profile_list_at(struct profile_list *list, size_t index);

#endif
