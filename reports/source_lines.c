#define _GNU_SOURCE
#include "reports/source_lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/table.h"

struct source_file {
    char *path;
    char *text; /* NULL: not read */
    size_t size;
    uint32_t *lines; /* where each begins */
    size_t count;
    uint64_t changed_ns;
    struct source_file *next; /* with the same hash of the path */
};

struct source_files {
    struct table by_hash;
    struct source_file **all;
    size_t count, capacity, total;
};

struct source_files *source_files_create(void) {
    size_t capacity = 0;
    struct source_files *files = memory_array_grow(NULL, &capacity, 1, sizeof *files);
    *files = (struct source_files){0};
    return files;
}

void source_files_free(struct source_files *files) {
    if (!files)
        return;
    for (size_t i = 0; i < files->count; i++) {
        free(files->all[i]->path);
        free(files->all[i]->text);
        free(files->all[i]->lines);
        free(files->all[i]);
    }
    free(files->all);
    table_free(&files->by_hash);
    free(files);
}

static bool is_source(const char *path) {
    static const char *const endings[] = {
        "c",  "h",  "cc",  "hh", "cpp", "hpp", "cxx", "hxx", "c++",  "h++", "ii",  "inc", "ipp", "tcc", "m",
        "mm", "py", "pyx", "rs", "go",  "d",   "zig", "f90", "java", "cu",  "def", "y",   "l",   "S"};
    const char *dot = strrchr(frames_basename(path), '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

static bool read_all(int fd, char *text, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, text + done, size - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static void find_lines(struct source_file *file) {
    size_t capacity = 0;
    for (size_t at = 0; at < file->size;) {
        file->lines = memory_array_grow(file->lines, &capacity, file->count + 1, sizeof *file->lines);
        file->lines[file->count++] = (uint32_t)at;
        const char *end = memchr(file->text + at, '\n', file->size - at);
        at = end ? (size_t)(end - file->text) + 1 : file->size;
    }
}

static void read_file(struct source_files *files, struct source_file *file) {
    struct stat about;
    if (!is_source(file->path) || (file->path[0] != '/' && strstr(file->path, "..")))
        return;
    /* Without waiting: a FIFO of that name would never answer. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && (uint64_t)about.st_size <= SOURCE_LINES_FILE &&
        files->total + (size_t)about.st_size <= SOURCE_LINES_TOTAL) {
        size_t capacity = 0;
        file->size = (size_t)about.st_size;
        file->text = memory_array_grow(NULL, &capacity, file->size + 1, 1);
        file->text[file->size] = '\0';
        if (read_all(fd, file->text, file->size)) {
            files->total += file->size;
            file->changed_ns = (uint64_t)about.st_mtim.tv_sec * 1000000000u + (uint64_t)about.st_mtim.tv_nsec;
            find_lines(file);
        } else {
            free(file->text);
            file->text = NULL;
        }
    }
    close(fd);
}

static uint64_t hash_of(const char *path) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 0x100000001b3u;
    return hash;
}

static struct source_file *file_of(struct source_files *files, const char *path) {
    uint64_t hash = hash_of(path);
    struct source_file *first = table_find(&files->by_hash, hash);
    for (struct source_file *file = first; file; file = file->next)
        if (strcmp(file->path, path) == 0)
            return file;
    size_t capacity = 0, length = strlen(path) + 1;
    struct source_file *file = memory_array_grow(NULL, &capacity, 1, sizeof *file);
    *file = (struct source_file){.next = first};
    capacity = 0;
    file->path = memory_array_grow(NULL, &capacity, length, 1);
    memcpy(file->path, path, length);
    files->all = memory_array_grow(files->all, &files->capacity, files->count + 1, sizeof *files->all);
    files->all[files->count++] = file;
    table_put(&files->by_hash, hash, file);
    read_file(files, file);
    return file;
}

bool source_files_line(struct source_files *files, const char *path, uint32_t number,
                       struct source_line *line) {
    const struct source_file *file = file_of(files, path);
    if (!file->text || !number || number > file->count)
        return false;
    size_t begin = file->lines[number - 1], end = number < file->count ? file->lines[number] : file->size;
    while (end > begin && (file->text[end - 1] == '\n' || file->text[end - 1] == '\r'))
        end--;
    *line = (struct source_line){file->text + begin, end - begin};
    return true;
}

uint64_t source_files_changed(struct source_files *files, const char *path) {
    return file_of(files, path)->changed_ns;
}
