/* The lock table: interpose/lock_table.h (lock_table_get) and lock_table.c (set_in, rebuild). One writer, who has the
 * session's lock; a reader without any. Two addresses, 1 and 2, that probe from the same place; the id of the lock at
 * address a is 10 + a.
 *
 *     insert:   entry->lock = lock; then store(entry->address, RELEASE)             set_in
 *     rebuild:  fill a new table; store(lock_table_now, RELEASE); zero the old one  rebuild
 *     read:     load(lock_table_now, ACQUIRE); load(address, ACQUIRE); load(lock)   lock_table_get
 *
 * A release store and an acquire load keep this order, so that interleavings of single steps are all there is.
 * The property: who reads gets the right id or none (a miss is looked up again under the lock); and none only of a lock
 * that was set after the reading began, or in a table that was given up meanwhile.
 *
 * -DBROKEN: the old table is given up before the new one is published. (The order within an entry is not what matters:
 * an id that is not there yet is none.)
 */
#define SLOTS 3
byte address[2 * SLOTS], lock[2 * SLOTS]; /* table t has the entries from t * SLOTS on */
byte now; /* lock_table_now */
byte set; /* how many addresses have been set for good */

inline insert(table, key) {
    i = table * SLOTS;
    do
    :: address[i] == 0 -> break
    :: else -> i++
    od;
    lock[i] = 10 + key;
    address[i] = key
}

active proctype writer() {
    byte i;
    insert(0, 1);
    set = 1;
    insert(0, 2);
    set = 2;
    insert(1, 1);
    insert(1, 2);
#ifndef BROKEN
    now = 1;
#endif
    /* MADV_DONTNEED: whole pages become zeros, in any order of their words. */
    byte left = 2 * SLOTS;
    do
    :: left > 0 ->
        left--;
        if
        :: left % 2 -> address[left / 2] = 0
        :: else -> lock[left / 2] = 0
        fi
    :: left > 0 && lock[0] -> lock[0] = 0
    :: left == 0 -> break
    od;
#ifdef BROKEN
    now = 1
#else
    skip
#endif
}

active [2] proctype reader() {
    byte key, table, i, found, before;
    if
    :: key = 1
    :: key = 2
    fi;
    before = set;
    table = now;
    i = table * SLOTS;
    do
    :: address[i] == key -> found = lock[i]; break
    :: else ->
        if
        :: address[i] == 0 -> found = 0; break
        :: else -> i++
        fi
    od;
    assert(found == 0 || found == 10 + key);
    assert(found != 0 || before < key || table != now);
}
