#include "cli/command.h"

#include <stdbool.h>
#include <string.h>

/* Longer words are no slips of ours, and would cost time. */
#define WORD_MAX 32

const struct command_option *command_next_option(const struct command *command, struct command_cursor *at) {
    while (at->table < COMMAND_TABLES && command->options[at->table]) {
        const struct command_option *row = &command->options[at->table][at->row++];
        if (row->name)
            return row;
        *at = (struct command_cursor){.table = at->table + 1};
    }
    return NULL;
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* The number of letters left out, put in, replaced or swapped with their neighbours that turn one word into
 * the other: the distance of Damerau and Levenshtein in its restricted form (optimal string alignment), in
 * |a| * |b| steps. Both are at most WORD_MAX long. */
static unsigned distance(const char *a, const char *b) {
    unsigned rows[WORD_MAX + 1][WORD_MAX + 1];
    size_t m = strlen(a), n = strlen(b);
    for (size_t i = 0; i <= m; i++)
        for (size_t j = 0; j <= n; j++) {
            if (!i || !j) {
                rows[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, least(rows[i - 1][j], rows[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, rows[i - 2][j - 2] + 1);
            rows[i][j] = best;
        }
    return rows[m][n];
}

const char *command_nearest(const char *word, const char *const words[]) {
    const char *nearest = NULL;
    unsigned best = ~0u;
    size_t length = strlen(word);
    for (size_t i = 0; length <= WORD_MAX && words[i]; i++) {
        size_t size = strlen(words[i]);
        if (size > WORD_MAX)
            continue;
        unsigned away = distance(word, words[i]);
        /* A third of the letters may be wrong; a beginning of the word is near in any case. */
        bool begins = length >= 2 && strncmp(word, words[i], length) == 0;
        if (begins)
            away = 1;
        if (away < best && (begins || away <= size / 3)) {
            best = away;
            nearest = words[i];
        }
    }
    return nearest;
}
