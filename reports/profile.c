#include "reports/profile.h"

#include <stdlib.h>

struct profile_item {
    struct recording_profile record;
    struct resolver *resolver;
    const struct report_process *process;
    size_t order;
    bool resolved;
    struct report_profile profile;
};

void profile_list_clear(struct profile_list *list) {
    list->count = 0;
}

void profile_list_free(struct profile_list *list) {
    free(list->items);
    *list = (struct profile_list){0};
}

void profile_list_add(struct profile_list *list, struct resolver *resolver,
                      const struct report_process *process) {
    for (size_t i = 0; i < facts_profiles(resolver->facts); i++) {
        const struct recording_profile *record = facts_profile(resolver->facts, i);
        if (!record || !record->lock)
            continue;
        list->items = memory_array_grow(list->items, &list->capacity, list->count + 1, sizeof *list->items);
        list->items[list->count] = (struct profile_item){
            .record = *record, .resolver = resolver, .process = process, .order = list->count};
        list->count++;
    }
}

static int compare(const void *a, const void *b) {
    const struct profile_item *x = a, *y = b;
    if (x->record.wait_ns != y->record.wait_ns)
        return x->record.wait_ns > y->record.wait_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void profile_list_sort(struct profile_list *list) {
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

static int compare_waits(const void *a, const void *b) {
    const struct report_profile_wait *x = a, *y = b;
    return x->wait_ns > y->wait_ns ? -1 : x->wait_ns < y->wait_ns;
}

static void resolve(struct profile_item *item) {
    const struct recording_profile *record = &item->record;
    struct report_profile *profile = &item->profile;
    *profile = (struct report_profile){
        .lock = resolver_lock(item->resolver, record->lock),
        .process = item->process,
        .acquisitions = record->acquisitions,
        .contended = record->contended,
        .wait_ns = record->wait_ns,
        .longest_wait_ns = record->longest_wait_ns,
        .hold_ns = record->hold_ns,
        .longest_hold_ns = record->longest_hold_ns,
        .hold_samples = record->hold_samples,
        .sampled = record->hold_samples < record->acquisitions,
        .longest_wait = resolver_stack(item->resolver, record->longest_wait_stack),
        .longest_hold = resolver_stack(item->resolver, record->longest_hold_stack),
    };
    for (size_t i = 0; i < RECORDING_PROFILE_STACKS; i++)
        if (record->top[i].stack)
            profile->waits[profile->waits_count++] = (struct report_profile_wait){
                resolver_stack(item->resolver, record->top[i].stack),
                record->top[i].waits,
                record->top[i].wait_ns,
            };
    qsort(profile->waits, profile->waits_count, sizeof *profile->waits, compare_waits);
    item->resolved = true;
}

const struct report_profile *profile_list_at(struct profile_list *list, size_t index) {
    struct profile_item *item = &list->items[index];
    if (!item->resolved)
        resolve(item);
    return &item->profile;
}
