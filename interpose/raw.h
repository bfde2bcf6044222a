/* Raw system calls: they touch neither errno nor libc, and no sanitizer intercepts them.
 *
 * Each returns what the kernel returns: a result, or a negative errno.
 */
#ifndef GORDIAN_INTERPOSE_RAW_H
#define GORDIAN_INTERPOSE_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

static inline long raw_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline int raw_gettid(void) {
    return (int)raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static inline int raw_getpid(void) {
    return (int)raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline int raw_getppid(void) {
    return (int)raw_syscall(SYS_getppid, 0, 0, 0, 0, 0, 0);
}

/* The process has confined itself with seccomp. A filter may end it for a system call that the program does
 * not make: files are out of reach from then on. Hidden, and set once. */
extern bool raw_confined;

static inline int raw_open(const char *path, int flags, int mode) {
    if (__atomic_load_n(&raw_confined, __ATOMIC_RELAXED))
        return -EPERM;
    return (int)raw_syscall(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

static inline long raw_read(int fd, void *to, size_t bytes) {
    return raw_syscall(SYS_read, fd, (long)to, (long)bytes, 0, 0, 0);
}

static inline long raw_write(int fd, const void *from, size_t bytes) {
    return raw_syscall(SYS_write, fd, (long)from, (long)bytes, 0, 0, 0);
}

static inline int raw_close(int fd) {
    return (int)raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline int raw_fallocate(int fd, long offset, long bytes) {
    return (int)raw_syscall(SYS_fallocate, fd, 0, offset, bytes, 0, 0);
}

static inline long raw_mmap(void *at, size_t bytes, int protection, int flags, int fd, long offset) {
    return raw_syscall(SYS_mmap, (long)at, (long)bytes, protection, flags, fd, offset);
}

static inline int raw_munmap(void *at, size_t bytes) {
    return (int)raw_syscall(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0);
}

static inline int raw_madvise(void *at, size_t bytes, int advice) {
    return (int)raw_syscall(SYS_madvise, (long)at, (long)bytes, advice, 0, 0, 0);
}

static inline long raw_readlink(const char *path, char *to, size_t bytes) {
    if (__atomic_load_n(&raw_confined, __ATOMIC_RELAXED))
        return -EPERM;
    return raw_syscall(SYS_readlinkat, AT_FDCWD, (long)path, (long)to, (long)bytes, 0, 0);
}

static inline int raw_tgkill(int pid, int tid, int signal) {
    return (int)raw_syscall(SYS_tgkill, pid, tid, signal, 0, 0, 0);
}

static inline void raw_futex_wait(uint32_t *word, uint32_t value) {
    raw_syscall(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, (long)value, 0, 0, 0);
}

static inline void raw_futex_wake(uint32_t *word, int count) {
    raw_syscall(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, count, 0, 0, 0);
}

/* Zeroed private memory, or NULL. `bytes` is a multiple of the page size. */
static inline void *raw_pages(size_t bytes) {
    long at =
        raw_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at < 0 && at > -4096 ? NULL : (void *)at;
}

#endif
