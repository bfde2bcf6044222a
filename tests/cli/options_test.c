/* cli/options.c: every mistake on a command line is told in one line. */
#include "cli/options.h"

#include <stddef.h>

#include "cli/cli.h"
#include "tests/check.h"
#include "tests/cli/scratch.h"

static const struct command_option shared[] = {{"file", "FILE", COMMAND_FILE, 1000, "", NULL}, {0}},
                                   own[] = {{"full", NULL, COMMAND_NOTHING, 1001, "", NULL},
                                            {"kind", "WORD", COMMAND_WORD, 1002, "", "fast slow  off"},
                                            {0}};
static const struct command run = {.name = "run", .options = {shared, own}};
static const struct command report = {.name = "report", .options = {own}};

/* Parse from the start; returns the first key and what was told. */
static int first_of(const struct command *command, char **argv, const char **told) {
    int argc = 0;
    while (argv[argc])
        argc++;
    optind = 0; /* getopt starts over */
    scratch_stderr_begin();
    int key = options_next(argc, argv, command);
    *told = scratch_stderr_end();
    return key;
}

static int first(char **argv, const char **told) {
    return first_of(&run, argv, told);
}

static void check_mistake(char **argv, const char *line) {
    const char *told;
    CHECK_EQ(first_of(strcmp(argv[0], "run") == 0 ? &run : &report, argv, &told), OPTIONS_WRONG);
    CHECK_STR(told, line);
}

TEST(options_and_their_values) {
    const char *told;
    CHECK_EQ(first((char *[]){"run", "--file", "x", NULL}, &told), 1000);
    CHECK_STR(optarg, "x");
    CHECK_EQ(first((char *[]){"run", "--file=y", NULL}, &told), 1000);
    CHECK_STR(optarg, "y");
    CHECK_EQ(first((char *[]){"run", "--full", NULL}, &told), 1001);
    CHECK_EQ(first((char *[]){"run", "-h", NULL}, &told), 'h');
    CHECK_EQ(first((char *[]){"run", "--help", NULL}, &told), 'h');
    CHECK_STR(told, "");
}

TEST(the_first_operand_ends_the_options) {
    const char *told;
    CHECK_EQ(first((char *[]){"run", "prog", "--full", NULL}, &told), OPTIONS_END);
    CHECK_EQ(optind, 1);
    CHECK_EQ(first((char *[]){"run", "--", "--full", NULL}, &told), OPTIONS_END);
    CHECK_EQ(optind, 2);
    CHECK_EQ(first((char *[]){"run", NULL}, &told), OPTIONS_END);
    CHECK_EQ(optind, 1);
}

TEST(options_may_stand_after_operands) {
    char *argv[] = {"report", "a.rec", "--full", "b.rec", NULL};
    optind = 0;
    CHECK_EQ(options_next_anywhere(4, argv, &run), 1001);
    CHECK_EQ(options_next_anywhere(4, argv, &run), OPTIONS_END);
    CHECK_EQ(optind, 2);
    CHECK_STR(argv[2], "a.rec");
    CHECK_STR(argv[3], "b.rec");
}

TEST(mistakes) {
    check_mistake((char *[]){"run", "--nothing", NULL},
                  "gordian: run: unknown option: --nothing\n  gordian help run lists the options\n");
    check_mistake((char *[]){"run", "-x", "prog", NULL},
                  "gordian: run: unknown option: -x\n  gordian help run lists the options\n");
    check_mistake((char *[]){"run", "-xy", "prog", NULL},
                  "gordian: run: unknown option: -xy\n  gordian help run lists the options\n");
    check_mistake((char *[]){"run", "--file", NULL},
                  "gordian: run: this option needs a value: --file\n  gordian help run lists the options\n");
    check_mistake(
        (char *[]){"report", "--full=3", NULL},
        "gordian: report: this option takes no value: --full\n  gordian help report lists the options\n");
    check_mistake((char *[]){"report", "--file", NULL}, /* another subcommand's */
                  "gordian: report: unknown option: --file\n  gordian help report lists the options\n");
}

TEST(a_slip_is_guessed) {
    check_mistake(
        (char *[]){"run", "--fiel", "x", NULL},
        "gordian: run: unknown option: --fiel\n  did you mean --file? gordian help run lists the options\n");
    check_mistake((char *[]){"run", "--flie=x", NULL}, "gordian: run: unknown option: --flie=x\n  did you "
                                                       "mean --file? gordian help run lists the options\n");
    check_mistake(
        (char *[]){"run", "-full", NULL},
        "gordian: run: unknown option: -full\n  did you mean --full? gordian help run lists the options\n");
    check_mistake(
        (char *[]){"run", "--hepl", NULL},
        "gordian: run: unknown option: --hepl\n  did you mean --help? gordian help run lists the options\n");
    check_mistake((char *[]){"run", "--f", NULL}, /* short for two */
                  "gordian: run: unknown option: --f\n  gordian help run lists the options\n");
}

TEST(a_forgotten_value_is_not_the_separator) {
    const char *told;
    check_mistake((char *[]){"run", "--file", "--", "prog", NULL},
                  "gordian: run: this option needs a value: --file\n  gordian help run lists the options\n");
    CHECK_EQ(first((char *[]){"run", "--file=--", "prog", NULL}, &told), 1000);
    CHECK_STR(optarg, "--");
    CHECK_EQ(first((char *[]){"run", "--file", "-", "prog", NULL}, &told), 1000);
    CHECK_STR(optarg, "-");
}

TEST(words) {
    CHECK_EQ(options_word(&own[1], "fast"), 0);
    CHECK_EQ(options_word(&own[1], "off"), 2);
    static const char *const wrong[] = {"", "fas", "fasts", " ", "fast slow"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "gordian: --kind: '%s' is not one of: fast slow  off\n", wrong[i]);
        scratch_stderr_begin();
        CHECK_EQ(options_word(&own[1], wrong[i]), -1);
        CHECK_STR(scratch_stderr_end(), line);
    }
}

TEST(numbers) {
    int value = -7;
    CHECK_EQ(options_number("--exit-code", "0", 0, 255, &value), 0);
    CHECK_EQ(value, 0);
    CHECK_EQ(options_number("--exit-code", "255", 0, 255, &value), 0);
    CHECK_EQ(value, 255);
    static const char *const wrong[] = {
        "", "-1", "+1", " 1", "1 ", "256", "1x", "x", "", "0x1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scratch_stderr_begin();
        int status = options_number("--exit-code", wrong[i], 0, 255, &value);
        const char *told = scratch_stderr_end();
        CHECK_EQ(status, CLI_FAILED);
        CHECK_EQ(value, 255);
        CHECK(strncmp(told, "gordian: --exit-code: '", 23) == 0);
        CHECK(strstr(told, "' is no number from 0 to 255\n") != NULL);
    }
}

CHECK_MAIN
