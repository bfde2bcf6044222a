/* A process dies with a shared lock, fixed: a robust mutex tells its next owner that the last one died
 * (EOWNERDEAD). That one repairs what was left half done, and makes the lock usable again.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 667
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, TOTAL = 100 };

/* Has pages of its own, so that they can be shared with the child. */
static struct {
    _Alignas(PAGE) pthread_mutex_t lock;
    int checking, savings;
} bank;

static void open_bank(void) {
    pthread_mutexattr_t attr;
    if (mmap(&bank, sizeof bank, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED)
        abort();
    bank.checking = TOTAL;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&bank.lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void lock_bank(void) {
    if (pthread_mutex_lock(&bank.lock) == EOWNERDEAD) {
        bank.savings = TOTAL - bank.checking;
        pthread_mutex_consistent(&bank.lock);
    }
}

static void save_and_crash(int amount) {
    lock_bank();
    bank.checking -= amount;
    _exit(3); /* the crash */
}

int main(void) {
    open_bank();
    pid_t child = fork();
    if (child == 0)
        save_and_crash(30);
    waitpid(child, NULL, 0);
    lock_bank();
    int total = bank.checking + bank.savings;
    pthread_mutex_unlock(&bank.lock);
    return total == TOTAL ? 0 : 1;
}
