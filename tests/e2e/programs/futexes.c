/* Futex calls through libc's syscall(), and other calls, whose results must be the kernel's. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned word;

int main(void) {
    for (int i = 0; i < 1000; i++) {
        errno = 0;
        long result = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
        if (result != -1 || errno != EAGAIN)
            return 1;
    }
    /* Six arguments, a result of 64 bits, and an error. */
    long page = syscall(SYS_mmap, 0L, 4096L, (long)(PROT_READ | PROT_WRITE),
                        (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L);
    *(volatile char *)page = 1; // NOLINT(performance-no-int-to-ptr)
    errno = 0;
    long closed = syscall(SYS_close, -1L);
    printf("%ld %d %d\n", closed, errno == EBADF, syscall(SYS_getpid) == getpid());
    return 0;
}
