#include "cli/elf_image.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The command's own header, by the linker: it says what "native" is on every architecture. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static const struct {
    uint16_t machine;
    const char *name;
} machines[] = {
    {EM_386, "x86"},        {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},          {EM_AARCH64, "AArch64"},
    {EM_RISCV, "RISC-V"},   {EM_PPC, "PowerPC"},   {EM_MIPS, "MIPS"},        {EM_PPC64, "PowerPC 64"},
    {EM_S390, "IBM S/390"}, {EM_SPARC, "SPARC"},   {EM_SPARCV9, "SPARC V9"}, {EM_LOONGARCH, "LoongArch"},
};

static void describe(const unsigned char *ident, uint16_t machine, char *out, size_t size) {
    const char *bits = ident[EI_CLASS] == ELFCLASS64 ? "64-bit" : "32-bit";
    const char *order = ident[EI_DATA] == ELFDATA2MSB ? " big-endian" : "";
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (machines[i].machine == machine) {
            snprintf(out, size, "%s%s %s", bits, order, machines[i].name);
            return;
        }
    snprintf(out, size, "%s%s machine %u", bits, order, machine);
}

const char *elf_image_native(void) {
    static _Thread_local char name[96];
    describe(__ehdr_start.e_ident, __ehdr_start.e_machine, name, sizeof name);
    return name;
}

static bool read_at(int fd, void *to, size_t size, uint64_t offset) {
    return offset <= INT64_MAX - size && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static void set(struct elf_image *image, enum elf_image_kind kind, const char *detail) {
    image->kind = kind;
    snprintf(image->detail, sizeof image->detail, "%s", detail);
}

/* Whether every byte that the file maps or refers to is there, and which loader it asks for. */
static void read_segments(int fd, const ElfW(Ehdr) * header, struct elf_image *image) {
    struct stat status;
    if (fstat(fd, &status) < 0 || header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0) {
        set(image, ELF_IMAGE_DAMAGED, "it has no usable program headers");
        return;
    }
    set(image, ELF_IMAGE_STATIC, "");
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        uint64_t size = (uint64_t)status.st_size;
        if (header->e_phoff > size ||
            !read_at(fd, &segment, sizeof segment, header->e_phoff + i * sizeof segment)) {
            set(image, ELF_IMAGE_DAMAGED, "it is cut off within its program headers");
            return;
        }
        bool wanted = segment.p_type == PT_LOAD || segment.p_type == PT_INTERP;
        if (wanted && (segment.p_offset > size || segment.p_filesz > size - segment.p_offset)) {
            set(image, ELF_IMAGE_DAMAGED, "it is cut off: a segment ends after the file does");
            return;
        }
        if (segment.p_type != PT_INTERP)
            continue;
        if (segment.p_filesz < 2 || segment.p_filesz > sizeof image->interpreter ||
            !read_at(fd, image->interpreter, segment.p_filesz, segment.p_offset) ||
            image->interpreter[segment.p_filesz - 1] != '\0') {
            set(image, ELF_IMAGE_DAMAGED, "the name of its loader is damaged");
            return;
        }
        image->kind = ELF_IMAGE_DYNAMIC;
    }
}

void elf_image_read(int fd, struct elf_image *image) {
    ElfW(Ehdr) header;
    unsigned char ident[EI_NIDENT];
    uint16_t type_and_machine[2]; /* they follow the identification in both classes */
    *image = (struct elf_image){.kind = ELF_IMAGE_NONE};
    if (!read_at(fd, ident, SELFMAG, 0) || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return;
    if (!read_at(fd, ident, sizeof ident, 0) ||
        !read_at(fd, type_and_machine, sizeof type_and_machine, sizeof ident)) {
        set(image, ELF_IMAGE_DAMAGED, "it is cut off within its header");
        return;
    }
    if (ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA])
        for (int i = 0; i < 2; i++)
            type_and_machine[i] = (uint16_t)(type_and_machine[i] >> 8 | type_and_machine[i] << 8);
    uint16_t type = type_and_machine[0], machine = type_and_machine[1];
    if (ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
        ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] || machine != __ehdr_start.e_machine) {
        set(image, ELF_IMAGE_FOREIGN, "");
        describe(ident, machine, image->detail, sizeof image->detail);
        return;
    }
    if (!read_at(fd, &header, sizeof header, 0))
        set(image, ELF_IMAGE_DAMAGED, "it is cut off within its header");
    else if (type != ET_EXEC && type != ET_DYN)
        set(image, ELF_IMAGE_OBJECT, type == ET_CORE ? "a core dump" : "an object file");
    else
        read_segments(fd, &header, image);
}
