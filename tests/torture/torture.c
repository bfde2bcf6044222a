/* torture SEED [ITEMS]: runs the random program of this seed, and prints its result; of its items only those
 * numbered
 *     ("3,4,17"), if they are given.
 * torture print SEED [ITEMS]: prints the program.
 * torture expect SEED: prints the finding that its knot must give, "none" if it has none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/torture/machine.h"

int main(int argc, char **argv) {
    static struct program program;
    const char *self = argv[0], *word = "";
    char *end;
    machine_helper(argc, argv);
    if (argc > 1 && (strcmp(argv[1], "print") == 0 || strcmp(argv[1], "expect") == 0)) {
        word = argv[1];
        argc--;
        argv++;
    }
    unsigned long long seed = argc > 1 ? strtoull(argv[1], &end, 10) : 0;
    if (argc < 2 || *end || end == argv[1]) {
        fprintf(stderr, "usage: torture [print|expect] SEED [ITEMS]\n");
        return 2;
    }
    program_make(&program, seed);
    if (argc > 2 && !program_keep(&program, argv[2])) {
        fprintf(stderr, "torture: no items: %s\n", argv[2]);
        return 2;
    }
    if (strcmp(word, "print") == 0)
        program_print(&program);
    else if (strcmp(word, "expect") == 0)
        puts(program.planted < program.count ? plants_expectation(program.items[program.planted].act)
                                             : "none");
    else
        machine_run(&program, self);
    return 0;
}
