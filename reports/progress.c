#include "reports/progress.h"

static progress_observer told;

void progress_observe(progress_observer observer) {
    told = observer;
}

void progress_tell(const char *what, uint64_t done, uint64_t total) {
    if (told)
        told(what, done, total);
}
