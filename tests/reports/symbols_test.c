#define _GNU_SOURCE
#include "reports/symbols.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/reports/fixture.h"

static struct fixture_module module;

static struct symbols_image *own_image(struct symbols *symbols) {
    module = fixture_module();
    return symbols_image(symbols, module.path, module.build_id, module.build_id_size, 0);
}

TEST(an_address_gives_the_inlined_calls_and_the_function) {
    struct symbols *symbols = symbols_create();
    struct symbols_image *image = own_image(symbols);
    uint64_t address = fixture_transfer_first().addresses[0] - module.bias;
    struct report_stack stack = symbols_frames(symbols, image, address);
    CHECK_EQ(stack.count, 2);
    CHECK_STR(stack.frames[0].function, "take");
    CHECK_STR(stack.frames[1].function, "transfer");
    CHECK(symbols_frames(symbols, image, address).frames == stack.frames); /* kept */
    CHECK_EQ(module.build_id_size * 2, strlen(stack.frames[0].build_id));
    symbols_free(symbols);
}

TEST(an_image_is_shared_by_path_and_build_id) {
    struct symbols *symbols = symbols_create();
    struct symbols_image *image = own_image(symbols);
    CHECK(own_image(symbols) == image);
    CHECK(symbols_image(symbols, module.path, (const uint8_t *)"other", 5, 0) != image);
    CHECK(symbols_image(symbols, "/other", module.build_id, module.build_id_size, 0) != image);
    symbols_free(symbols);
}

TEST(variables_are_found_by_the_symbol_that_covers_them) {
    struct symbols *symbols = symbols_create();
    struct symbols_image *image = own_image(symbols);
    uint64_t distance = 99;
    CHECK_STR(symbols_variable(image, (uintptr_t)&account_lock - module.bias, &distance), "account_lock");
    CHECK_EQ(distance, 0);
    CHECK_STR(symbols_variable(image, (uintptr_t)&table.lock - module.bias, &distance), "table");
    CHECK_EQ(distance, 64);
    CHECK_STR(symbols_variable(image, (uintptr_t)&bank_lock - module.bias, &distance), "Bank::lock");
    static pthread_mutex_t local; /* the compiler numbers it: local.0 */
    CHECK_STR(symbols_variable(image, (uintptr_t)&local - module.bias, &distance), "local");
    CHECK(symbols_variable(image, (uintptr_t)fixture_transfer_first - module.bias, &distance) == NULL);
    CHECK(symbols_variable(image, 0x10, &distance) == NULL);
    symbols_free(symbols);
}

/* Check that nothing is named from that file, and what is said about it, once. */
static void check_unusable(const char *path, const uint8_t *build_id, size_t size, uint64_t started_ns,
                           const char *why) {
    struct symbols *symbols = symbols_create();
    struct symbols_image *image = symbols_image(symbols, path, build_id, size, started_ns);
    struct report_stack stack = symbols_frames(symbols, image, 0x1234);
    char remark[4352];
    uint64_t distance;
    CHECK_EQ(stack.count, 1);
    CHECK(!stack.frames[0].function && !stack.frames[0].file);
    CHECK_STR(stack.frames[0].module, path);
    CHECK_EQ(stack.frames[0].offset, 0x1234);
    CHECK(symbols_elf(image) == NULL);
    CHECK(symbols_variable(image, 0x1234, &distance) == NULL);
    snprintf(remark, sizeof remark, "%s %s: its functions and locks have no names", path, why);
    CHECK_STR(symbols_remark(symbols, 0), remark);
    CHECK(symbols_remark(symbols, 1) == NULL);
    symbols_free(symbols);
}

TEST(a_file_that_is_not_the_one_that_ran_is_not_used) {
    module = fixture_module();
    check_unusable(module.path, (const uint8_t *)"other", 5, 0, "is another build than the one that ran");
    check_unusable(module.path, NULL, 0, 1, "is another build than the one that ran"); /* changed since */
    check_unusable("/nonexistent/bank", (const uint8_t *)"0123456789", 10, 0, "is not there");
    check_unusable("/dev/zero", NULL, 0, UINT64_MAX, "cannot be read");
    check_unusable("/etc/passwd", NULL, 0, UINT64_MAX, "is another build than the one that ran");
}

TEST(a_fifo_of_a_modules_name_stops_nobody) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/symbols_test.%d.fifo", (int)getpid());
    CHECK_EQ(mkfifo(path, 0600), 0);
    check_unusable(path, NULL, 0, UINT64_MAX, "cannot be read");
    unlink(path);
}

TEST(a_file_without_build_id_is_used_while_it_is_older_than_the_process) {
    struct symbols *symbols = symbols_create();
    module = fixture_module();
    struct symbols_image *image = symbols_image(symbols, module.path, NULL, 0, UINT64_MAX);
    struct report_stack stack = symbols_frames(symbols, image, fixture_audit().addresses[0] - module.bias);
    CHECK_STR(stack.frames[0].function, "Bank::audit()");
    symbols_free(symbols);
}

TEST(an_address_in_no_module_is_given_as_it_is) {
    struct symbols *symbols = symbols_create();
    struct report_stack stack = symbols_frames(symbols, NULL, 0x99);
    CHECK_EQ(stack.count, 1);
    CHECK(!stack.frames[0].module && !stack.frames[0].function);
    CHECK_EQ(stack.frames[0].offset, 0x99);
    symbols_free(symbols);
}

CHECK_MAIN
