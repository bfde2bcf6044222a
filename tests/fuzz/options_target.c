/* GORDIAN_OPTIONS, which whoever starts the program writes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "interpose/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void complain(const char *line) {
    size_t length = strlen(line);
    if (!length || line[length - 1] != '\n')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct options options;
    char *text = malloc(size + 1);
    memcpy(text, bytes, size);
    text[size] = '\0';
    options_parse(&options, text, complain);
    if (options.stack_depth < 1 || options.stack_depth > 4096 || options.exit_code > 255 ||
        options.max_held < 1 || !memchr(options.dir, 0, sizeof options.dir) ||
        !memchr(options.notify, 0, sizeof options.notify))
        abort();
    free(text);
    return 0;
}
