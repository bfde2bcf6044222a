/* Calls after which a process may not reach the folder of the recordings any more: it gives up its
 * privileges, gets another root, or refuses system calls to itself. The child of a fork has no recording
 * until it needs one; servers make such calls in their children, before any lock is used there. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "interpose/hooks.h"
#include "interpose/hooks_process.h"
#include "interpose/raw.h"

bool raw_confined;

static void before_leaving(void) {
    KEEP_ERRNO;
    session_before_leaving();
}

HOOK int setuid(uid_t user) {
    before_leaving();
    return REAL(setuid)(user);
}

HOOK int seteuid(uid_t effective) {
    before_leaving();
    return REAL(seteuid)(effective);
}

HOOK int setreuid(uid_t real, uid_t effective) {
    before_leaving();
    return REAL(setreuid)(real, effective);
}

HOOK int setresuid(uid_t real, uid_t effective, uid_t saved) {
    before_leaving();
    return REAL(setresuid)(real, effective, saved);
}

HOOK int chroot(const char *path) {
    before_leaving();
    return REAL(chroot)(path);
}

void process_confines(void) {
    before_leaving();
    __atomic_store_n(&raw_confined, true, __ATOMIC_RELAXED);
}

HOOK int prctl(int option, ...) {
    va_list more;
    unsigned long a[4];
    va_start(more, option);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(more, unsigned long);
    va_end(more);
    if (__builtin_expect(option == PR_SET_SECCOMP, 0))
        process_confines();
    return REAL(prctl)(option, a[0], a[1], a[2], a[3]);
}
