#include "reports/verbs.h"

#include "detector/recording.h"
#include "tests/check.h"

TEST(every_kind_of_lock_has_its_words) {
    for (uint32_t kind = 0; kind <= LOCK_KINDS; kind++)
        for (uint32_t mode = 0; mode < 2; mode++) {
            CHECK(verbs_wants(kind, mode, false) && verbs_wants(kind, mode, true));
            CHECK(verbs_holds(kind, mode) && verbs_holding(kind, mode) && verbs_taken(kind));
        }
}

TEST(words_suit_the_kind_and_the_mode) {
    CHECK_STR(verbs_wants(LOCK_KIND_MUTEX, LOCK_EXCLUSIVE, false), "locks");
    CHECK_STR(verbs_wants(LOCK_KIND_MUTEX, LOCK_EXCLUSIVE, true), "waits for");
    CHECK_STR(verbs_wants(LOCK_KIND_THREAD, LOCK_EXCLUSIVE, true), "waits for the end of");
    CHECK_STR(verbs_wants(LOCK_KIND_RWLOCK, LOCK_EXCLUSIVE, false), "write-locks");
    CHECK_STR(verbs_wants(LOCK_KIND_RWLOCK, LOCK_SHARED, true), "waits to read-lock");
    CHECK_STR(verbs_holds(LOCK_KIND_RWLOCK, LOCK_SHARED), "holds the read lock of");
    CHECK_STR(verbs_holding(LOCK_KIND_RWLOCK, LOCK_EXCLUSIVE), "holding the write lock of");
    CHECK_STR(verbs_holds(LOCK_KIND_SEMAPHORE, LOCK_EXCLUSIVE), "has taken");
    CHECK_STR(verbs_taken(LOCK_KIND_SEMAPHORE), "taken");
    CHECK_STR(verbs_wants(LOCK_KIND_BARRIER, LOCK_EXCLUSIVE, true), "waits at");
    CHECK_STR(verbs_holds(LOCK_KIND_ONCE, LOCK_EXCLUSIVE), "runs the init routine of");
    CHECK_STR(verbs_wants(LOCK_KIND_FILE, LOCK_SHARED, true), "waits for a shared lock of");
    CHECK_STR(verbs_wants(99, LOCK_SHARED, false), "locks"); /* a kind of a later version */
}

CHECK_MAIN
