/* Publication of waits: interpose/waits.c (publish, waits_begin, waits_over) and detector/wait_graph.c, reduced to their
 * order. The property: the last thread to block sees the knot.
 *
 * Threads hold one lock each of a ring, and want the next. Each
 *     publishes the lock it waits for       publish: slot->wait_target, then wait_kind (SEQ_CST)
 *     walks wait -> holder -> wait          waits_begin: knots_look, after publish
 *     blocks                                the real call
 * An account of what is held is written when the lock is taken, before the thread may publish anything
 * (acquire_account; read by waits_account_of).
 *
 * Stores and loads are sequentially consistent in the code, and so they are here: each is one step of its own.
 *
 * -DBROKEN: a thread looks before it publishes. Then two can pass each other, and the check must fail.
 */
#define THREADS 3
#define NONE 255

byte account[THREADS]; /* lock -> thread that says it holds it; by the thread itself */
byte wants[THREADS];   /* thread -> lock that it waits for */
bool real_taken[THREADS];
byte blocked;
bool reported;

/* Follow the ring from `me`, a load a step, as the walk does. */
inline look(me) {
    byte at = me, steps = 0, lock;
    do
    :: steps == THREADS -> break
    :: else ->
        lock = wants[at];
        if
        :: lock == NONE -> break
        :: else -> skip
        fi;
        at = account[lock];
        if
        :: at == NONE -> break
        :: at == me -> reported = true; break
        :: else -> skip
        fi;
        steps++
    od
}

proctype worker(byte me) {
    byte next = (me + 1) % THREADS;
    /* The lock is free: it is tried, taken, and then put on the account. */
    atomic { !real_taken[me] -> real_taken[me] = true }
    account[me] = me;
    /* Then the second one. It may be free still: then there is no wait. */
    if
    :: atomic { !real_taken[next] -> real_taken[next] = true };
        account[next] = me;
        account[next] = NONE;
        real_taken[next] = false
    :: atomic { real_taken[next] -> skip };
#ifdef BROKEN
        look(me);
        wants[me] = next;
#else
        wants[me] = next;
        look(me);
#endif
        blocked++;
        atomic { !real_taken[next] -> real_taken[next] = true };
        blocked--;
        wants[me] = NONE;
        account[next] = me;
        account[next] = NONE;
        real_taken[next] = false
    fi;
    account[me] = NONE;
    real_taken[me] = false
}

init {
    byte i = 0;
    atomic {
        do
        :: i < THREADS -> account[i] = NONE; wants[i] = NONE; i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < THREADS -> run worker(i); i++
        :: else -> break
        od
    }
    /* All blocked is all in a ring: somebody must have said so. */
end:
    if
    :: blocked == THREADS -> assert(reported)
    fi
}
