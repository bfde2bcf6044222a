#include "reports/kinds.h"

#include <stddef.h>

#include "detector/finding.h"

static const struct kind_text texts[FINDING_KINDS] = {
    [FINDING_DEADLOCK_POTENTIAL] = {"PotentialDeadlock", "Threads can block each other forever.",
                                    "Threads were seen to take the same locks in orders that make a ring. No "
                                    "common lock keeps them apart, "
                                    "and neither starts after the other has ended. One schedule is enough "
                                    "and they block each other forever, "
                                    "although it went well this time.",
                                    "Take the locks in one order everywhere, or release the first before the "
                                    "second is taken, or hold one "
                                    "common lock around both.",
                                    FINDING_WARNING, "CWE-833"},
    [FINDING_DEADLOCK_ACTUAL] = {"Deadlock", "Threads block each other forever.",
                                 "Each thread of the ring waits for what the next one holds, or for what "
                                 "nobody can release any more. "
                                 "None of them will ever go on.",
                                 "Take the locks in one order everywhere; release a lock on every way out of "
                                 "the code that holds it; wait "
                                 "for no thread that needs what is held.",
                                 FINDING_ERROR, "CWE-833"},
    [FINDING_HANG_ALL_BLOCKED] =
        {"AllThreadsBlocked", "Every thread waits and nobody is left to wake one.",
         "All threads of the process are in waits without a time limit: a wake-up came before its wait, a "
         "barrier is short of a party, or who should post or signal waits itself.",
         "Change the state that is waited for with the mutex held, test it in a loop around the wait, and "
         "let no "
         "thread wait for one that waits for it.",
         FINDING_ERROR, "CWE-833"},
    [FINDING_MISUSE_UNLOCK_UNLOCKED] = {"UnlockOfUnlocked", "A lock is unlocked that nobody holds.",
                                        "An unlock without the lock before it. The behaviour is undefined; "
                                        "the next holder may be robbed of the "
                                        "lock.",
                                        "Unlock once for each time it was locked, on every path.",
                                        FINDING_ERROR, "CWE-832"},
    [FINDING_MISUSE_UNLOCK_NOT_OWNER] =
        {"UnlockByAnother", "A lock is unlocked by a thread that does not hold it.",
         "Another thread locked it and believes that it still holds it. The behaviour is undefined.",
         "Unlock in the thread that locked; for hand-overs use a semaphore or a condition.", FINDING_ERROR,
         "CWE-832"},
    [FINDING_MISUSE_RELOCK] =
        {"Relock", "A thread takes a lock that it holds already.",
         "A mutex of this type does not count: it fails, or the thread waits for itself.",
         "Split the function into one that locks and one that expects the lock to be held.", FINDING_ERROR,
         "CWE-764"},
    [FINDING_MISUSE_DESTROY_LOCKED] =
        {"DestroyOfLocked", "A lock is destroyed while it is held.",
         "Its holder will unlock what is no lock any more. The behaviour is undefined.",
         "Destroy it after the last unlock: join the threads that use it first.", FINDING_ERROR, "CWE-667"},
    [FINDING_MISUSE_DESTROY_WAITED] =
        {"DestroyWhileWaited", "What threads wait for is destroyed.",
         "They may never wake, or wake in memory that is something else. The behaviour is undefined.",
         "Wake and join those who wait before it is destroyed.", FINDING_ERROR, "CWE-667"},
    [FINDING_MISUSE_USE_DESTROYED] =
        {"UseOfDestroyed", "A lock is used after it was destroyed.",
         "The object was destroyed and not initialised again. The behaviour is undefined.",
         "Destroy it when the last user is gone.", FINDING_ERROR, "CWE-672"},
    [FINDING_MISUSE_INIT_LOCKED] =
        {"InitOfLocked", "A lock is initialised while it is held.",
         "The initialisation forgets the holder; two threads may then be inside at once.",
         "Initialise once, before the first use.", FINDING_ERROR, "CWE-667"},
    [FINDING_MISUSE_EXIT_HOLDING] =
        {"ExitWithLockHeld", "A thread ends and leaves a lock locked.",
         "Nobody can unlock it any more: whoever takes it next waits forever.",
         "Unlock on every way out, also when the thread is cancelled (pthread_cleanup_push).",
         FINDING_WARNING, "CWE-772"},
    [FINDING_MISUSE_WAIT_UNLOCKED] =
        {"WaitWithoutMutex", "A condition is waited for with a mutex that the thread does not hold.",
         "A wake-up between the test and the wait is lost, and the wait unlocks what is not locked.",
         "Lock the mutex before the test of the state, and wait in a loop.", FINDING_ERROR, "CWE-667"},
    [FINDING_MISUSE_COND_TWO_MUTEXES] =
        {"ConditionWithTwoMutexes", "Two threads wait for one condition with different mutexes.",
         "The behaviour is undefined, and the state that they test is protected by neither.",
         "Use one mutex with each condition.", FINDING_ERROR, "CWE-667"},
    [FINDING_MISUSE_SEM_OVERFLOW] =
        {"SemaphoreOverflow", "A semaphore is posted beyond its largest value.",
         "The post fails with EOVERFLOW, and its wake-up is lost if nobody looks.",
         "Post once for each unit; look at the result.", FINDING_ERROR, "CWE-190"},
    [FINDING_MISUSE_FORK_HELD] =
        {"ForkWithLockHeld", "A process is forked while a lock is held.",
         "In the child only the forking thread lives on: a lock that another one held stays locked there.",
         "In a child of a threaded program call nothing but async-signal-safe functions and exec, or take "
         "the "
         "locks in pthread_atfork handlers.",
         FINDING_WARNING, "CWE-667"},
    [FINDING_MISUSE_BAD_JOIN] =
        {"BadJoin", "A thread is joined that cannot be.",
         "It was joined before, is detached, or joins itself. The behaviour is undefined.",
         "Join each thread once, or detach it.", FINDING_ERROR, "CWE-664"},
    [FINDING_MISUSE_BAD_BARRIER] =
        {"BadBarrier", "A barrier is used that is destroyed or for no thread.",
         "The behaviour is undefined; threads may pass it alone or wait forever.",
         "Initialise it with the number of its threads, and destroy it when all have left it.", FINDING_ERROR,
         "CWE-664"},
    [FINDING_MISUSE_ASSERTION] = {"FailedAssertion",
                                  "A lock is held, or not held, against what the program says.",
                                  "An assertion of gordian.h failed: the calling thread holds a lock that it "
                                  "must not hold there, or does "
                                  "not hold one that it needs.",
                                  "Take the lock before, release it before, or mend the assertion.",
                                  FINDING_ERROR, "CWE-667"},
    [FINDING_BLOCKING_WAIT_HOLDING] =
        {"WaitWithLockHeld", "A thread waits for others with a lock held.",
         "It waits for a condition, semaphore, barrier or the end of a thread while it holds another lock. "
         "Who "
         "needs that lock waits as long, and if it is the one that is waited for, forever.",
         "Release the other locks before the wait, unless nobody else can need them.", FINDING_NOTE,
         "CWE-667"},
    [FINDING_STARVATION] = {"Starvation", "A thread waited long for a lock that others took again and again.",
                            "It was overtaken more often, and waited longer, than the limits allow.",
                            "Hold the lock for less, yield between two holds, or use a queue of tickets.",
                            FINDING_WARNING, "CWE-410"},
    [FINDING_ORDER_SINGLE_THREAD] =
        {"TwoOrdersInOneThread", "One thread takes locks in two orders.",
         "It cannot block itself so, but two threads that run this code can block each other.",
         "Take the locks in one order everywhere.", FINDING_NOTE, "CWE-833"},
    [FINDING_RACE_DATA] =
        {"DataRace", "Two threads use the same memory at once, and one of them writes it.",
         "Nothing orders the two accesses: no lock that both hold, no creation or joining of a thread, no "
         "atomic operation. The behaviour is undefined; what is read may be old, new or half of both.",
         "Hold one lock around both accesses, or make the variable atomic.", FINDING_ERROR, "CWE-362"},
};

static const struct kind_text unknown = {"Finding",
                                         "A finding of a kind that this version does not describe.",
                                         "It was made by a newer version of the library.",
                                         "Read it with that version.",
                                         FINDING_WARNING,
                                         NULL};

const struct kind_text *kinds_text(uint32_t kind) {
    return kind < FINDING_KINDS && texts[kind].name ? &texts[kind] : &unknown;
}
