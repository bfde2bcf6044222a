#include "reports/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/memory.h"

#define STEP 65536

int file_text_read(const char *path, size_t limit, char **text, size_t *size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = 0;
    size_t room = 0;
    if (fd < 0)
        return -errno;
    *text = NULL;
    *size = 0;
    for (ssize_t n = 1; n && !error;) {
        *text = memory_array_grow(*text, &room, *size + STEP, 1);
        n = read(fd, *text + *size, room - *size);
        error = n < 0 && errno != EINTR ? -errno : 0;
        *size += n > 0 ? (size_t)n : 0;
        if (*size > limit)
            error = -EFBIG;
    }
    close(fd);
    if (error)
        free(*text);
    return error;
}
