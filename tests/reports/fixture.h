/* Real functions, variables and return addresses for the tests to put into recordings. They are linked into
 * the test, so its own file is the module. */
#ifndef GORDIAN_TESTS_REPORTS_FIXTURE_H
#define GORDIAN_TESTS_REPORTS_FIXTURE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* A stack as the library records it: innermost first, each address inside its call. */
struct fixture_stack {
    uint64_t addresses[8];
    size_t count;
};

extern pthread_mutex_t account_lock;
extern struct fixture_table {
    char head[64];
    pthread_mutex_t lock;
} table;
extern pthread_mutex_t bank_lock __asm__("_ZN4Bank4lockE"); /* as C++ would call it: Bank::lock */

/* Where two stacks of transfer() and of Bank::audit() called from session() stand. */
struct fixture_stack fixture_transfer_first(void);
struct fixture_stack fixture_transfer_second(void);
struct fixture_stack fixture_audit(void);

/* Where this program is loaded: its range, its bias and its build id. */
struct fixture_module {
    const char *path;
    uint64_t start, end, bias;
    uint8_t build_id[36];
    uint32_t build_id_size;
    uint64_t vdso_start, vdso_end;
    uint8_t vdso_build_id[36];
    uint32_t vdso_build_id_size;
};
struct fixture_module fixture_module(void);

#endif
