/* What `gordian help` tells beside the subcommands: how files are written that people give to it. */
#ifndef GORDIAN_CLI_TOPICS_H
#define GORDIAN_CLI_TOPICS_H

/* Return the text of a topic ("suppressions"), NULL when there is none of that name. */
const char *topics_find(const char *name);

#endif
