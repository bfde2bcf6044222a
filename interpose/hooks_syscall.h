/* The modules that make futex calls of their own (recording_futex_user). */
#ifndef GORDIAN_INTERPOSE_HOOKS_SYSCALL_H
#define GORDIAN_INTERPOSE_HOOKS_SYSCALL_H

/* Forget them: a new recording begins, or a module was unloaded. Needs no lock. */
void futex_users_start(void);

#endif
