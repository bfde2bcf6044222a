/* Numbers for people to read. Strings come from the pool that is passed; pure otherwise. */
#ifndef GORDIAN_REPORTS_NUMBERS_H
#define GORDIAN_REPORTS_NUMBERS_H

#include <stdint.h>

#include "reports/memory.h"

/* "15,204". */
const char *numbers_count(struct memory_pool *pool, uint64_t value);

/* Two digits and the unit that suits: "830 ns", "3.4 us", "12 ms", "2.3 s", "2 min 5 s", "3 h 12 min"; "0".
 */
const char *numbers_duration(struct memory_pool *pool, uint64_t ns);

/* How much of `whole` the part is: "1.3 %", "37 %", "<0.1 %", "0 %". A part of nothing is all of it. */
const char *numbers_share(struct memory_pool *pool, uint64_t part, uint64_t whole);

/* "" for one, "s" for any other number. */
const char *numbers_plural(uint64_t count);

#endif
