#include "cli/commands.h"

#include <string.h>

#define ADDRESS(name) &command_##name,
#define COUNT(name) +1

const struct command *const commands_all[] = {COMMANDS(ADDRESS) NULL};

const struct command *commands_find(const char *name) {
    for (const struct command *const *command = commands_all; *command; command++)
        if (strcmp(name, (*command)->name) == 0)
            return *command;
    return NULL;
}

const char *commands_nearest(const char *word) {
    const char *names[1 COMMANDS(COUNT)] = {NULL};
    for (size_t i = 0; commands_all[i]; i++)
        names[i] = commands_all[i]->name;
    return command_nearest(word, names);
}
