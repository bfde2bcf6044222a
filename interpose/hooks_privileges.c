/* Calls after which a process may not reach the folder of the recordings any more: it gives up its
 * privileges, or gets another root. The child of a fork has no recording until it needs one; servers make
 * such calls in their children, before any lock is used there. */
#define _GNU_SOURCE
#include <unistd.h>

#include "interpose/hooks.h"

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
