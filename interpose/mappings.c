#include "interpose/mappings.h"

#include "interpose/clock.h"
#include "interpose/raw.h"
#include "interpose/text.h"

/* A segment full of locks is initialised in one go: its mapping is not looked for again each time. But
 * another one may be mapped there at any time. */
#define KEPT_NS 1000000u

struct mapping {
    uint64_t start, end;
    struct mappings_place at; /* of its first byte */
    bool shared;
};

static struct mapping kept;
static uint64_t kept_at_ns;

/* A file read byte by byte. */
struct source {
    int fd;
    long count, next;
    char bytes[1024];
};

/* The next byte, -1 at the end. */
static int next_byte(struct source *from) {
    if (from->next == from->count) {
        from->count = raw_read(from->fd, from->bytes, sizeof from->bytes);
        from->next = 0;
        if (from->count <= 0) {
            from->count = 0;
            return -1;
        }
    }
    return (unsigned char)from->bytes[from->next++];
}

/* Read a number; returns the byte after it. */
static int read_number(struct source *from, unsigned base, uint64_t *number) {
    *number = 0;
    for (;;) {
        int byte = next_byte(from);
        unsigned digit = byte >= '0' && byte <= '9'   ? (unsigned)(byte - '0')
                         : byte >= 'a' && byte <= 'f' ? (unsigned)(byte - 'a' + 10)
                                                      : base;
        if (digit >= base)
            return byte;
        *number = *number * base + digit;
    }
}

/* Read "start-end perms offset major:minor inode   path" with its newline. Returns false at the end. */
static bool read_mapping(struct source *from, struct mapping *out) {
    char path[8] = "";
    uint64_t major, minor;
    if (read_number(from, 16, &out->start) != '-' || read_number(from, 16, &out->end) != ' ')
        return false;
    int byte = 0;
    for (int i = 0; i < 5; i++) {
        byte = next_byte(from);
        if (i == 3)
            out->shared = byte == 's';
    }
    if (byte != ' ' || read_number(from, 16, &out->at.offset) != ' ' ||
        read_number(from, 16, &major) != ':' || read_number(from, 16, &minor) != ' ')
        return false;
    byte = read_number(from, 10, &out->at.inode);
    while (byte == ' ')
        byte = next_byte(from);
    for (unsigned i = 0; byte >= 0 && byte != '\n'; i++, byte = next_byte(from))
        if (i < sizeof path - 1)
            path[i] = (char)byte;
    out->at.device = major << 32 | minor;
    if (text_starts(path, "/SYSV")) {
        out->at.device |= MAPPINGS_SYSV;
        out->at.inode++;
    }
    return true;
}

static bool find(uint64_t address, struct mapping *out) {
    struct source maps = {.fd = raw_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0)};
    if (maps.fd < 0)
        return false;
    bool found = false;
    while (!found && read_mapping(&maps, out) && out->start <= address)
        found = address < out->end;
    raw_close(maps.fd);
    return found;
}

bool mappings_shared(uint64_t address, struct mappings_place *out) {
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (address < kept.start || address >= kept.end || now - kept_at_ns > KEPT_NS) {
        if (!find(address, &kept))
            kept = (struct mapping){0};
        kept_at_ns = now;
    }
    if (!kept.end || !kept.shared || !kept.at.inode)
        return false;
    *out = kept.at;
    out->offset += address - kept.start;
    return true;
}
