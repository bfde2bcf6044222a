/* cli/command.c: the rows of a subcommand, and the guess at what was meant. */
#include "cli/command.h"

#include "tests/check.h"

static const struct command_option one[] = {{"a", NULL, COMMAND_NOTHING, 1, "", NULL},
                                            {"b", NULL, COMMAND_NOTHING, 2, "", NULL},
                                            {0}},
                                   none[] = {{0}}, two[] = {{"c", NULL, COMMAND_NOTHING, 3, "", NULL}, {0}};

static void check_rows(const struct command *command, const char *expected) {
    struct command_cursor at = {0};
    const struct command_option *row;
    char names[16] = "";
    while ((row = command_next_option(command, &at)))
        strncat(names, row->name, 1);
    CHECK_STR(names, expected);
    CHECK(command_next_option(command, &at) == NULL); /* and stays at the end */
}

TEST(rows_of_all_tables_in_order) {
    check_rows(&(struct command){.options = {one, none, two}}, "abc");
    check_rows(&(struct command){.options = {two, one, one, two}}, "cababc");
    check_rows(&(struct command){.options = {none}}, "");
    check_rows(&(struct command){0}, "");
}

TEST(slips) {
    static const char *const words[] = {"run", "report", "ps", "json", "on-deadlock", "exit-code", NULL};
    static const char *const near[][2] = {
        {"rnu", "run"},
        {"runn", "run"},
        {"un", "run"},
        {"rub", "run"},
        {"raport", "report"},
        {"reprot", "report"},
        {"rep", "report"},
        {"jsno", "json"},
        {"jsonn", "json"},
        {"on-deadlok", "on-deadlock"},
        {"on_deadlock", "on-deadlock"},
        {"exitcode", "exit-code"},
        {"deadlock", "on-deadlock"},
        {"ps", "ps"},
    };
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        CHECK_STR(command_nearest(near[i][0], words), near[i][1]);
    static const char *const far[] = {
        "", "x", "xx", "walk", "server", "r", "a-word-that-is-longer-than-any-of-ours-is-no-slip-of-one"};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
        CHECK(command_nearest(far[i], words) == NULL);
}

CHECK_MAIN
