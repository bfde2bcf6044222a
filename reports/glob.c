#include "reports/glob.h"

#include <fnmatch.h>
#include <string.h>

#define TEXT_LIMIT ((size_t)64 * 1024)
#define SPECIAL "*?[\\"

struct glob glob_of(const char *text) {
    size_t literal = strcspn(text, SPECIAL);
    return (struct glob){.text = text, .literal = literal, .whole = !text[literal]};
}

bool glob_matches(const struct glob *glob, const char *text) {
    if (strncmp(glob->text, text, glob->literal) != 0)
        return false;
    if (glob->whole)
        return !text[glob->literal];
    const char *rest = glob->text + glob->literal;
    if (strcmp(rest, "*") == 0)
        return true;
    return strnlen(text, TEXT_LIMIT + 1) <= TEXT_LIMIT && fnmatch(rest, text + glob->literal, 0) == 0;
}

void glob_write_literally(const char *text, size_t size, FILE *out) {
    for (size_t i = 0; i < size; i++) {
        if (strchr(SPECIAL, text[i]) && text[i])
            fputc('\\', out);
        fputc(text[i], out);
    }
}
