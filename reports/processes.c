#include "reports/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A line of /proc/PID/maps. */
struct mapping {
    uint64_t start, end, offset, major, minor, inode;
    bool shared;
    const char *path; /* in the line; "" without one */
};

/* Read a number with the character that follows it. */
static bool take_number(char **at, int base, char after, uint64_t *out) {
    char *end;
    *out = strtoull(*at, &end, base);
    if (end == *at || *end != after)
        return false;
    *at = end + 1;
    return true;
}

/* "start-end perms offset major:minor inode   path" */
static bool parse_mapping(char *line, struct mapping *out) {
    line[strcspn(line, "\n")] = 0;
    if (!take_number(&line, 16, '-', &out->start) || !take_number(&line, 16, ' ', &out->end) ||
        strcspn(line, " ") != 4)
        return false;
    out->shared = line[3] == 's';
    line += 5;
    if (!take_number(&line, 16, ' ', &out->offset) || !take_number(&line, 16, ':', &out->major) ||
        !take_number(&line, 16, ' ', &out->minor))
        return false;
    out->inode = strtoull(line, &line, 10);
    out->path = line + strspn(line, " ");
    return true;
}

/* Call `seen` for each line of the maps file until it returns true. Returns whether it did, -ESRCH when the
 * file has no line, or another negative errno. */
static int scan_maps(const char *name, bool (*seen)(void *context, const struct mapping *mapping),
                     void *context) {
    FILE *maps = fopen(name, "re");
    if (!maps)
        return errno == ENOENT ? -ESRCH : -errno;
    char *line = NULL;
    size_t size = 0;
    struct mapping mapping;
    int status = -ESRCH;
    while (status <= 0 && getline(&line, &size, maps) > 0)
        if (parse_mapping(line, &mapping))
            status = seen(context, &mapping);
    if (status <= 0 && ferror(maps))
        status = errno ? -errno : -EIO;
    free(line);
    fclose(maps);
    return status;
}

/* The same for a process. One whose first thread has ended shows its mappings through the others alone. */
static int scan_process(uint32_t seen, bool (*found)(void *context, const struct mapping *mapping),
                        void *context) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%u/maps", seen);
    int status = scan_maps(name, found, context);
    if (status != -ESRCH)
        return status;
    snprintf(name, sizeof name, "/proc/%u/task", seen);
    DIR *tasks = opendir(name);
    for (struct dirent *task; tasks && status == -ESRCH && (task = readdir(tasks));) {
        char maps[sizeof name + sizeof task->d_name + 8];
        if (!isdigit((unsigned char)task->d_name[0]))
            continue;
        snprintf(maps, sizeof maps, "%s/%s/maps", name, task->d_name);
        status = scan_maps(maps, found, context);
    }
    if (tasks)
        closedir(tasks);
    return status;
}

/* ---- which process it is ---- */

struct file {
    struct stat status;
    uint32_t seen; /* the process that is looked at */
};

static bool is_same_file(const char *path, const struct stat *status) {
    struct stat other;
    return stat(path, &other) == 0 && other.st_dev == status->st_dev && other.st_ino == status->st_ino;
}

/* The numbers in the line are not always those of stat (overlayfs), and the path is that of the process's
 * mount namespace. */
static bool is_mapped(void *context, const struct mapping *mapping) {
    const struct file *file = context;
    static const char suffix[] = ".rec";
    size_t length = strlen(mapping->path);
    char within[4200];
    if (!mapping->shared || mapping->path[0] != '/')
        return false;
    if (mapping->inode == file->status.st_ino && strstr(mapping->path, suffix))
        return true;
    if (length < sizeof suffix || strcmp(mapping->path + length - (sizeof suffix - 1), suffix) != 0)
        return false;
    snprintf(within, sizeof within, "/proc/%u/root%s", file->seen, mapping->path);
    return is_same_file(mapping->path, &file->status) || is_same_file(within, &file->status);
}

/* The pid that process `seen` has for itself: the last one of a line "NSpid:\t4711\t1", which a kernel
 * without pid namespaces does not write. 0 when it cannot be read. */
static uint32_t own_pid(uint32_t seen) {
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%u/status", seen);
    FILE *status = fopen(name, "re");
    uint32_t own = status ? seen : 0;
    while (status && fgets(line, sizeof line, status)) {
        const char *last = strncmp(line, "NSpid:", 6) == 0 ? strrchr(line, '\t') : NULL;
        if (last)
            own = (uint32_t)strtoul(last + 1, NULL, 10);
    }
    if (status)
        fclose(status);
    return own;
}

static enum processes_state look_at(const char *path, uint32_t pid, uint32_t seen) {
    struct file file = {.seen = seen};
    if (own_pid(seen) != pid || stat(path, &file.status) < 0)
        return PROCESSES_GONE;
    int status = scan_process(seen, is_mapped, &file);
    if (status == 1)
        return PROCESSES_THERE;
    return status == 0 || status == -ESRCH ? PROCESSES_GONE : PROCESSES_HIDDEN;
}

enum processes_state processes_find(const char *path, uint32_t pid, uint32_t *seen) {
    *seen = pid;
    enum processes_state state = look_at(path, pid, pid);
    if (state == PROCESSES_THERE)
        return state;
    if (kill((pid_t)pid, 0) < 0 && errno == EPERM && !own_pid(pid))
        state = PROCESSES_HIDDEN; /* another user's, in a /proc that shows only ours */
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && state != PROCESSES_THERE && (entry = readdir(all));) {
        uint32_t other = (uint32_t)strtoul(entry->d_name, NULL, 10);
        if (!isdigit((unsigned char)entry->d_name[0]) || other == pid)
            continue;
        enum processes_state found = look_at(path, pid, other);
        if (found != PROCESSES_GONE) {
            state = found;
            *seen = other;
        }
    }
    if (all)
        closedir(all);
    return all ? state : PROCESSES_HIDDEN;
}

bool processes_has_thread(uint32_t seen, uint32_t tid) {
    char name[64];
    struct stat status;
    snprintf(name, sizeof name, "/proc/%u/task/%u", seen, tid);
    return stat(name, &status) == 0 || errno != ENOENT;
}

/* ---- what it maps ---- */

struct address {
    uint64_t address;
    struct processes_place place;
    bool shared;
};

static bool covers(void *context, const struct mapping *mapping) {
    struct address *address = context;
    if (address->address < mapping->start || address->address >= mapping->end)
        return false;
    /* As interpose/mappings.h tells them. */
    uint64_t sysv = strncmp(mapping->path, "/SYSV", 5) == 0;
    address->place =
        (struct processes_place){mapping->major << 32 | mapping->minor | sysv << 63, mapping->inode + sysv,
                                 mapping->offset + (address->address - mapping->start)};
    address->shared = mapping->shared && address->place.inode;
    return true;
}

int processes_shared(uint32_t seen, uint64_t address, struct processes_place *out) {
    struct address search = {.address = address};
    int status = scan_process(seen, covers, &search);
    if (status < 0)
        return status;
    *out = search.place;
    return status == 1 && search.shared ? 0 : -ENOENT;
}
