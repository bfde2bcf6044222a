#define _GNU_SOURCE
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/elf_image.h"

#define SCRIPT_HEAD 256 /* bytes of a script that the kernel looks at */
#define SCRIPT_DEPTH 5  /* interpreters that are scripts themselves; the kernel's limit */

static int check_file(struct program *program, const char *path, int depth);

__attribute__((format(printf, 5, 6))) static int refuse(struct program *program, int status, const char *what,
                                                        const char *advice, const char *why, ...) {
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(program->why, sizeof program->why, why, arguments);
    va_end(arguments);
    snprintf(program->what, sizeof program->what, "%s", what);
    program->advice = advice;
    return status;
}

/* Whether the file capabilities of `path` would count as privileges. Root gains nothing by them. */
static bool gains_capabilities(const char *path) {
    struct vfs_ns_cap_data data = {0};
    if (getuid() == 0 || getxattr(path, "security.capability", &data, sizeof data) < (ssize_t)XATTR_CAPS_SZ_1)
        return false;
    return (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE) || data.data[0].permitted || data.data[1].permitted;
}

/* Whether the kernel would start the file in secure mode (AT_SECURE), in which the loader ignores LD_PRELOAD.
 */
static const char *privilege_of(const char *path, const struct stat *status) {
    struct statvfs mount;
    bool honoured = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 &&
                    !(statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID));
    bool as_user = honoured && (status->st_mode & S_ISUID);
    bool as_group = honoured && (status->st_mode & S_ISGID) && (status->st_mode & S_IXGRP);
    if ((as_user ? status->st_uid : geteuid()) != getuid())
        return as_user ? "it is setuid" : "gordian itself runs setuid";
    if ((as_group ? status->st_gid : getegid()) != getgid())
        return as_group ? "it is setgid" : "gordian itself runs setgid";
    return honoured && gains_capabilities(path) ? "it has file capabilities" : NULL;
}

/* The loader itself, run as a command to start another program: it asks for no loader and is no static
 * program. */
static bool is_loader(const char *path) {
    char real[PATH_MAX];
    const char *slash = realpath(path, real) ? strrchr(real, '/') : NULL;
    return slash && (strncmp(slash, "/ld-", 4) == 0 || strcmp(slash, "/ld.so") == 0);
}

static int check_elf(struct program *program, const char *path, const struct elf_image *image,
                     const struct stat *status) {
    switch (image->kind) {
    case ELF_IMAGE_DAMAGED:
        return refuse(program, CLI_NOT_RUNNABLE, path, NULL, "not a whole ELF program: %s", image->detail);
    case ELF_IMAGE_OBJECT:
        return refuse(program, CLI_NOT_RUNNABLE, path, NULL, "not a program but %s", image->detail);
    case ELF_IMAGE_FOREIGN:
        return refuse(program, CLI_FAILED, path, "use a gordian that is built for that architecture",
                      "foreign architecture: it is %s, gordian is %s", image->detail, elf_image_native());
    case ELF_IMAGE_STATIC:
        if (is_loader(path))
            break;
        return refuse(
            program, CLI_FAILED, path,
            "link it dynamically (without -static or -static-pie): nothing can be preloaded into it",
            "static program: gordian cannot see into it");
    default:
        if (access(image->interpreter, F_OK) < 0)
            return refuse(program, CLI_NOT_FOUND, path, "install the C library that it was built for",
                          "its loader %s does not exist", image->interpreter);
    }
    const char *privilege = privilege_of(path, status);
    if (privilege)
        return refuse(program, CLI_FAILED, path,
                      "run a copy without these privileges: the loader ignores gordian there",
                      "privileged program: %s", privilege);
    return 0;
}

/* Return the next word of *text, NUL-terminated in place, or NULL. */
static char *next_word(char **text) {
    char *word = strsep(text, " \t");
    while (word && !*word)
        word = strsep(text, " \t");
    return word;
}

static int search(struct program *program, const char *name, char *path);

/* `#!/usr/bin/env NAME` and `#!/usr/bin/env -S [NAME=VALUE]... NAME ARG...`: check NAME too. */
static int check_env(struct program *program, char *argument, int depth) {
    char *command = argument, path[PATH_MAX];
    bool split = strncmp(argument, "-S", 2) == 0;
    if (split) {
        argument += 2;
        command = next_word(&argument);
        while (command && (command[0] == '-' || strchr(command, '=')))
            command = next_word(&argument);
    }
    if (!command || command[0] == '-')
        return 0; /* an option of env that is not known here; env will know */
    int status = search(program, command, path);
    return status ? status : check_file(program, path, depth + 1);
}

/* `line` is the first line without its "#!". */
static int check_interpreter(struct program *program, const char *script, char *line, int depth) {
    size_t size = strlen(line);
    while (size && strchr(" \t", line[size - 1]))
        line[--size] = '\0';
    bool carriage_return = line[size - 1] == '\r';
    if (carriage_return)
        line[size - 1] = '\0';
    char *interpreter = next_word(&line);
    char *argument = line ? line + strspn(line, " \t") : NULL;
    const char *slash = strrchr(interpreter, '/');
    bool env = argument && slash && strcmp(slash, "/env") == 0;
    if (depth >= SCRIPT_DEPTH)
        return refuse(program, CLI_NOT_RUNNABLE, script, NULL,
                      "too many interpreters that are scripts themselves");
    if (carriage_return && (!argument || env)) /* the kernel, or env, would take it for part of the name */
        return refuse(program, CLI_NOT_FOUND, script, "save it with Unix line ends",
                      "its first line ends in a carriage return");
    if (access(interpreter, F_OK) < 0)
        return refuse(program, CLI_NOT_FOUND, script, "install it, or correct the first line of the script",
                      "its interpreter %s does not exist", interpreter);
    int status = check_file(program, interpreter, depth + 1);
    return !status && env ? check_env(program, argument, depth) : status;
}

/* A file that is no ELF file: a script for the interpreter it names, or else for the shell when it is text.
 */
static int check_script(struct program *program, const char *path, int fd, int depth) {
    char head[SCRIPT_HEAD + 1] = {0};
    ssize_t size = pread(fd, head, SCRIPT_HEAD, 0);
    if (size < 0)
        return refuse(program, CLI_NOT_RUNNABLE, path, NULL, "%s", strerror(errno));
    const char *end = memchr(head, '\n', (size_t)size);
    size_t line = end ? (size_t)(end - head) : (size_t)size;
    if (memchr(head, '\0', line))
        return refuse(program, CLI_NOT_RUNNABLE, path, NULL, "neither an ELF program nor a script");
    head[line] = '\0';
    if (head[0] == '#' && head[1] == '!' && head[2 + strspn(head + 2, " \t\r")])
        return check_interpreter(program, path, head + 2, depth);
    /* The kernel refuses such a file; a shell runs it itself, but only what it was asked to run. */
    if (depth > 0)
        return refuse(program, CLI_NOT_RUNNABLE, path, NULL,
                      "it is an interpreter that is no program itself");
    program->shell_script = true;
    return check_file(program, "/bin/sh", depth + 1);
}

static int check_file(struct program *program, const char *path, int depth) {
    struct stat status;
    if (stat(path, &status) < 0)
        return refuse(program, errno == ENOENT || errno == ENOTDIR ? CLI_NOT_FOUND : CLI_NOT_RUNNABLE, path,
                      NULL, "%s", errno == ENOENT ? "no such program" : strerror(errno));
    if (S_ISDIR(status.st_mode))
        return refuse(program, CLI_NOT_RUNNABLE, path, "name a program in it", "it is a directory");
    if (!S_ISREG(status.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
        return refuse(program, CLI_NOT_RUNNABLE, path,
                      S_ISREG(status.st_mode) ? "if it is a program: chmod +x makes it executable" : NULL,
                      "it is not executable");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return 0; /* may be executed and not read: the handshake will tell */
    if (fd < 0)
        return refuse(program, CLI_NOT_RUNNABLE, path, NULL, "%s", strerror(errno));
    struct elf_image image;
    elf_image_read(fd, &image);
    int result = image.kind == ELF_IMAGE_NONE ? check_script(program, path, fd, depth)
                                              : check_elf(program, path, &image, &status);
    close(fd);
    return result;
}

/* Find what a shell would execute for `name`. As there, a file that is not executable is passed over while a
 * later directory may have one that is. */
static int search(struct program *program, const char *name, char *path) {
    if (strchr(name, '/')) {
        snprintf(path, PATH_MAX, "%s", name);
        return strlen(name) < PATH_MAX
                   ? 0
                   : refuse(program, CLI_NOT_FOUND, name, NULL, "%s", strerror(ENAMETOOLONG));
    }
    const char *directories = getenv("PATH");
    char candidate[PATH_MAX];
    bool found = false;
    for (const char *at = directories ? directories : "/bin:/usr/bin"; *name && at;) {
        size_t size = strcspn(at, ":");
        int length =
            snprintf(candidate, sizeof candidate, "%.*s/%s", size ? (int)size : 1, size ? at : ".", name);
        at = at[size] ? at + size + 1 : NULL;
        struct stat status;
        if (length >= (int)sizeof candidate || stat(candidate, &status) < 0 || !S_ISREG(status.st_mode))
            continue;
        bool executable = faccessat(AT_FDCWD, candidate, X_OK, AT_EACCESS) == 0;
        if (executable || !found)
            memcpy(path, candidate, (size_t)length + 1);
        found = true;
        if (executable)
            return 0;
    }
    if (found)
        return 0; /* check_file says that it is not executable */
    bool here = *name && access(name, F_OK) == 0;
    return refuse(program, CLI_NOT_FOUND, name,
                  here ? "there is one in this directory: a name with ./ in front leads to it" : NULL,
                  "no such program in PATH");
}

int program_find(const char *name, struct program *program) {
    *program = (struct program){0};
    int status = search(program, name, program->path);
    return status ? status : check_file(program, program->path, 0);
}
