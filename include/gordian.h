/* gordian.h: what a program can tell gordian about its locks.
 *
 * The program is not linked with gordian. Each word below is a macro that calls a function of libgordian.so
 * if that is loaded, as `gordian run` does, and costs a load and a branch where it is not; with
 * GORDIAN_NO_ANNOTATIONS defined, or with a compiler that knows no weak symbols, it is nothing at all. C99
 * and C++, any thread, also where signals are handled; errno is kept. A word is an expression of type void.
 *
 *   #include <gordian.h>
 *   pthread_mutex_init(&bank->lock, NULL);
 *   GORDIAN_NAME_LOCK(&bank->lock, "accounts");
 *   ...
 *   GORDIAN_ASSERT_HELD(&bank->lock);
 *
 * A `lock` is the address of any object that gordian watches: a pthread mutex, rwlock, spinlock, semaphore,
 * condition or barrier, a mtx_t or cnd_t of C11, a std::mutex and its kin, a FILE.
 */
#ifndef GORDIAN_H
#define GORDIAN_H

/* Reports call the lock by this name, from here on until it is destroyed or initialised again (a lock that
 * was never used may be named before it is initialised). The name is copied; what is longer than 255 bytes
 * ends in "...". NULL takes the name away. Two locks of one name are told apart by their numbers. Cost: one
 * entry for each named address. As pthread_setname_np for threads, lockdep_set_class_and_name in Linux,
 * Mutex::EnableDebugLog in Abseil. */
#define GORDIAN_NAME_LOCK(lock, name) GORDIAN_CALL_(gordian_name_lock, ((lock), (name)))

/* The calling thread holds the lock here, in any mode; it does not; it holds no lock at all. Where that is
 * not so, gordian reports `misuse.assertion`, an error, with the stack of this line, who holds the lock since
 * where, or what is held. The program goes on. A condition, a barrier, and a semaphore that other threads
 * post are never held. "No lock at all" is about what another thread could wait for: mutexes, rwlocks,
 * spinlocks, semaphores used as locks, locked FILEs and file locks; neither gates nor the once control whose
 * routine runs nor CPython's GIL. As lockdep_assert_held, lockdep_assert_not_held and
 * lockdep_assert_none_held_once in Linux, Mutex::AssertHeld and AssertNotHeld in Abseil. */
#define GORDIAN_ASSERT_HELD(lock) GORDIAN_CALL_(gordian_assert_held, (lock))
#define GORDIAN_ASSERT_NOT_HELD(lock) GORDIAN_CALL_(gordian_assert_not_held, (lock))
#define GORDIAN_ASSERT_NONE_HELD() GORDIAN_CALL_(gordian_assert_none_held, ())

/* Between these two, the calling thread is in the gate `object`: the program guarantees, by means that
 * gordian cannot see (a home-made lock, a token that is handed round, a phase of which there is one at a
 * time), that no other thread is in it then. Lock orders of threads in one gate cannot meet, and are not
 * reported as deadlocks; nobody waits for a gate. The object is any address that stands for the gate; it may
 * be a lock, too. A thread may enter again, and leaves as often. gordian does not take the program's word for
 * it: a thread that enters while another is in the gate, or leaves a gate that it is not in, is a
 * `misuse.assertion`. For locks that gordian sees none of this is needed: they are gates already. A gate lock
 * is Goodlock's (Havelund, "Using runtime analysis to guide model checking of Java programs", 2000); the
 * words are those for home-made locks of ThreadSanitizer (ANNOTATE_RWLOCK_ACQUIRED) and Helgrind. */
#define GORDIAN_GATE_ENTER(object) GORDIAN_CALL_(gordian_gate_enter, (object))
#define GORDIAN_GATE_LEAVE(object) GORDIAN_CALL_(gordian_gate_leave, (object))

/* A new epoch: forget the lock orders that this process has seen so far. What is taken from here on is in no
 * predicted cycle with what was taken before. For test programs that run one test after another in one
 * process, whose tests cannot meet. What was found stays reported; what is held stays held, and counts in the
 * new epoch. Call it while no other thread takes locks: an order that is being recorded right now may count
 * for either epoch. As lockdep_reset in Linux, between its self-tests. */
#define GORDIAN_EPOCH_RESET() GORDIAN_CALL_(gordian_epoch_reset, ())

/* ---- how it is done ---- */

#if defined(GORDIAN_NO_ANNOTATIONS) || !defined(__GNUC__) || !defined(__ELF__)

/* The arguments are not evaluated. */
#define GORDIAN_CALL_(function, arguments) ((void)0)

#else

#ifdef __cplusplus
extern "C" {
#endif
#define GORDIAN_WEAK_ __attribute__((__weak__, __visibility__("default")))
void gordian_name_lock(const volatile void *lock, const char *name) GORDIAN_WEAK_;
void gordian_assert_held(const volatile void *lock) GORDIAN_WEAK_;
void gordian_assert_not_held(const volatile void *lock) GORDIAN_WEAK_;
void gordian_assert_none_held(void) GORDIAN_WEAK_;
void gordian_gate_enter(const volatile void *object) GORDIAN_WEAK_;
void gordian_gate_leave(const volatile void *object) GORDIAN_WEAK_;
void gordian_epoch_reset(void) GORDIAN_WEAK_;
#ifdef __cplusplus
}
#endif

/* Code that is not position independent has the address of a weak function as a constant, which the linker
 * sets to 0 for good: there the address is read from where the loader puts it. */
#if defined(__x86_64__) && !defined(__PIC__) && !defined(__PIE__)
#define GORDIAN_ADDRESS_(function)                                                                           \
    __extension__({                                                                                          \
        __typeof__(&(function)) gordian_at_;                                                                 \
        __asm__(".weak " #function "\n\tmovq " #function "@GOTPCREL(%%rip), %0" : "=r"(gordian_at_));        \
        gordian_at_;                                                                                         \
    })
#else
#define GORDIAN_ADDRESS_(function) (&(function))
#endif

/* What follows the call keeps it from being a jump, by which the caller's line would be lost. */
#define GORDIAN_CALL_(function, arguments)                                                                   \
    __extension__({                                                                                          \
        if (__builtin_expect(GORDIAN_ADDRESS_(function) != 0, 0)) {                                          \
            GORDIAN_ADDRESS_(function) arguments;                                                            \
            __asm__ __volatile__("");                                                                        \
        }                                                                                                    \
    })

#endif
#endif
