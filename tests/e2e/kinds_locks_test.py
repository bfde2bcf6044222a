#!/usr/bin/env python3
"""What is locked, of every primitive: deadlocks predicted and seen when they happen, misuse, and what is rightly not reported.

    kinds_locks_test.py GORDIAN PROGRAM... SOURCE... [Class.test...]

PROGRAM and SOURCE: kinds_semaphores, kinds_rwlocks, kinds_spinlocks, kinds_once, kinds_c11, kinds_files.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import kinds  # noqa: E402
from tests.e2e.kinds import found, quiet, stopped  # noqa: E402

SEMAPHORES, RWLOCKS, SPINLOCKS, ONCE, C11, FILES = kinds.programs("semaphores", "rwlocks", "spinlocks", "once", "c11", "files")


class SemaphoresTest(kinds.Scenarios):
    families = ["semaphore"]


SEMAPHORES.add(SemaphoresTest, {
    "ab_ba_in_turn": found("deadlock.potential", "cycle", ["left_right", "right_left"]),
    "ab_ba_live": stopped("deadlock.actual", "cycle", ["left_then_right", "right_then_left"]),
    "ab_ba_timed": quiet(),
    "ab_ba_tried": quiet(),
    "as_lock": quiet(),
    "ring_with_mutex_live": stopped("deadlock.actual", "cycle", ["door_then_left", "left_then_door"]),
    "ring_with_mutex_in_turn": found("deadlock.potential", "cycle", ["door_left", "left_door"]),
    "named_in_turn": found("deadlock.potential", "cycle", ["named_left_right", "named_right_left"]),
    "named_same_order": quiet(),
    "signal_before_wait": quiet(),
    "signal_after_wait": quiet(),
    "rendezvous": quiet(),
    "waiter_lock": quiet(),
    "handed_over": quiet(),
    "handed_over_later": quiet(),
    "producers_and_consumers": quiet(),
    "buffer_of_one": quiet(),
    "pool_of_three": quiet(),
    "pool_in_both_orders": quiet(ignored=[kinds.WAIT_HOLDING]),
    "never_posted": stopped("hang.all_blocked", None, ["never_posted", "wait_left"]),
    "never_posted_alone": stopped("hang.all_blocked", None, ["never_posted_alone"], threads=1),
    "waits_for_room_inside": stopped("hang.all_blocked", None,
                                     ["produce_inside", "consume_inside", "waits_for_room_inside"], threads=3),
    "wait_holding": found("blocking.wait_holding", None, ["wait_with_door_held"], threads=1, ignored=[]),
    "overflow": found("misuse.sem_overflow", None, ["overflow"], threads=1),
    "up_to_the_largest": quiet(),
    "post_destroyed": found("misuse.use_destroyed", None, ["post_destroyed"], threads=1),
    "wait_destroyed": found("misuse.use_destroyed", None, ["wait_destroyed"], threads=1),
    "renewed": quiet(),
    "destroy_waited": found("misuse.destroy_waited", None, ["destroy_waited", "wait_a_while"]),
    "destroy_after_the_wait": quiet(),
})


class RwlocksTest(kinds.Scenarios):
    families = ["rwlock"]


RWLOCKS.add(RwlocksTest, {
    "writers_in_turn": found("deadlock.potential", "cycle", ["write_left_write_right", "write_right_write_left"]),
    "readers_want_to_write_in_turn": found("deadlock.potential", "cycle", ["read_left_write_right", "read_right_write_left"]),
    "writer_wants_to_read_in_turn": found("deadlock.potential", "cycle", ["write_left_write_right", "write_right_read_left"]),
    "reader_wants_to_read_in_turn": quiet(),
    "readers_in_turn": quiet(),
    "writers_same_order": quiet(),
    # A writer that waits stands between two readers: it is a side of the knot, too.
    "polite_readers_in_turn": found("deadlock.potential", "cycle", ["read_polite_read_gentle", "read_gentle_read_polite",
                                                                    "write_polite", "write_gentle"], threads=4),
    "polite_readers_alone": quiet(),
    "polite_read_twice_in_turn": found("deadlock.potential", "cycle", ["read_polite_twice", "write_polite"]),
    "polite_read_twice_alone": quiet(),
    "read_twice_in_turn": quiet(),
    "polite_read_twice_live": stopped("deadlock.actual", "cycle", ["read_polite_across_a_writer", "write_polite_when_read"]),
    "read_twice_across_a_writer": quiet(),
    "writers_live": stopped("deadlock.actual", "cycle", ["write_left_then_right", "write_right_then_left"]),
    "readers_want_to_write_live": stopped("deadlock.actual", "cycle",
                                          ["read_left_then_write_right", "read_right_then_write_left"]),
    "writer_wants_to_read_live": stopped("deadlock.actual", "cycle", ["write_left_then_right", "write_right_then_read_left"]),
    "upgrade": stopped("deadlock.actual", "self", ["upgrade"], threads=1),
    "two_upgrade": stopped("deadlock.actual", "self", ["read_and_upgrade"], threads=1),
    "one_of_two_readers_stuck": stopped("deadlock.actual", "cycle", ["read_left_then_door", "door_then_write_left"]),
    "writers_wait_for_readers": quiet(),
    "tried": quiet(),
    "timed": quiet(),
    "timed_across": quiet(),
    "write_twice": found("misuse.relock", None, ["write_twice"], threads=1),
    "read_what_is_written": found("misuse.relock", None, ["read_what_is_written"], threads=1),
    "unlock_by_another": found("misuse.unlock_not_owner", None, ["unlock_by_another", "hold_left_for_writing"]),
    "destroy_read": found("misuse.destroy_locked", None, ["destroy_read", "hold_left_for_reading"]),
    "init_read": found("misuse.init_locked", None, ["init_read", "hold_left_for_reading"]),
    "use_destroyed": found("misuse.use_destroyed", None, ["use_destroyed"], threads=1),
    "renewed": quiet(),
})


class SpinlocksTest(kinds.Scenarios):
    families = ["spin"]


SPINLOCKS.add(SpinlocksTest, {
    "ab_ba_in_turn": found("deadlock.potential", "cycle", ["left_right", "right_left"]),
    "same_order": quiet(),
    "tried": quiet(),
    "ab_ba_live": stopped("deadlock.actual", "cycle", ["left_then_right", "right_then_left"], hangs="awake"),
    "relock": stopped("deadlock.actual", "self", ["relock"], threads=1, hangs="awake"),
    "contended": quiet(),
    "held_for_long": quiet(),
    "ring_in_turn": found("deadlock.potential", "cycle", ["door_left", "left_book", "book_door"], threads=3),
    "ring_live": stopped("deadlock.actual", "cycle", ["door_then_left", "left_then_book", "book_then_door"], threads=3,
                         hangs="awake"),
    "unlock_by_another": found("misuse.unlock_not_owner", None, ["unlock_by_another", "hold_left"]),
    "unlock_unlocked": found("misuse.unlock_unlocked", None, ["begin", "unlock_unlocked"], threads=1),
    "destroy_locked": found("misuse.destroy_locked", None, ["destroy_locked", "hold_left"]),
    "init_locked": found("misuse.init_locked", None, ["init_locked", "hold_left"]),
    "use_destroyed": found("misuse.use_destroyed", None, ["use_destroyed"], threads=1),
    "renewed": quiet(),
})


class OnceTest(kinds.Scenarios):
    families = ["other"]


ONCE.add(OnceTest, {
    "needs_what_a_waiter_holds": stopped("deadlock.actual", "cycle",
                                         ["set_up_first", "set_up_with_left", "set_up_second_with_left_held"]),
    "needs_what_a_caller_holds": found("deadlock.potential", "cycle",
                                       ["need_it_first", "set_up_under_left", "need_it_with_left_held"]),
    "two_routines_need_each_other": stopped("deadlock.actual", "cycle",
                                            ["start_one", "set_up_one", "start_other", "set_up_other"]),
    "recursion": stopped("deadlock.actual", "self", ["recursion", "set_up_again"], threads=1),
    "recursion_of_call_once": stopped("deadlock.actual", "self", ["recursion_of_call_once", "set_up_flag_again"], threads=1),
    "second_waits": quiet(),
    "many_threads": quiet(),
    "nested": quiet(),
    "routine_that_exits": quiet(),
})


class C11Test(kinds.Scenarios):
    families = ["mutex", "cond", "thread"]


C11.add(C11Test, {
    "ab_ba_in_turn": found("deadlock.potential", "cycle", ["left_right", "right_left"]),
    "same_order": quiet(),
    "tried_and_timed": quiet(),
    "ab_ba_live": stopped("deadlock.actual", "cycle", ["left_then_right", "right_then_left"]),
    "relock": stopped("deadlock.actual", "self", ["relock"], threads=1),
    "recursive": quiet(),
    "ping_pong": quiet(),
    "lost_wake_up": stopped("hang.all_blocked", None, ["lost_wake_up"], threads=1),
    "wait_for_a_while": quiet(),
    "two_joins": stopped("deadlock.actual", "join", ["join_next", "join_previous"]),
    "detached": quiet(),
    "exit_holding": found("misuse.exit_holding", None, ["end_holding"], threads=1),
})


class FilesTest(kinds.Scenarios):
    families = ["other"]


FILES.add(FilesTest, {
    "streams_in_turn": found("deadlock.potential", "cycle", ["left_right", "right_left"]),
    "streams_same_order": quiet(),
    "streams_tried": quiet(),
    "streams_live": stopped("deadlock.actual", "cycle", ["left_then_right", "right_then_left"]),
    "stream_nested": quiet(),
    "files_in_turn": found("deadlock.potential", "cycle", ["file_left_right", "file_right_left"]),
    "files_same_order": quiet(),
    "files_shared": quiet(),
    "files_tried": quiet(),
    "file_and_mutex_in_turn": found("deadlock.potential", "cycle", ["door_file", "file_door"]),
    "file_and_mutex_same_order": quiet(),
    "file_and_mutex_live": stopped("deadlock.actual", "cycle", ["door_then_file", "file_then_door"]),
    "records_of_one_process": quiet(),
})


if __name__ == "__main__":
    check.main()
