/* cli/program.c: finding a program and refusing what cannot be watched, with crafted files. */
#include "cli/program.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/cli.h"
#include "tests/check.h"
#include "tests/cli/scratch.h"

/* The smallest ELF program: a header, a loadable segment, and the name of its loader. */
struct tiny {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    char loader[32];
};

static struct tiny tiny(void) {
    struct tiny t = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_DYN,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_phoff = offsetof(struct tiny, segments),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2},
        .segments = {{.p_type = PT_INTERP,
                      .p_offset = offsetof(struct tiny, loader),
                      .p_filesz = sizeof "/bin/sh"},
                     {.p_type = PT_LOAD, .p_filesz = sizeof(struct tiny)}},
        .loader = "/bin/sh", /* any file that exists */
    };
    return t;
}

static struct program program;

static int find_tiny(const struct tiny *t, size_t size) {
    return program_find(scratch_file("tiny", t, size, 0755), &program);
}

TEST(a_dynamic_program_is_accepted) {
    struct tiny t = tiny();
    CHECK_EQ(find_tiny(&t, sizeof t), 0);
    CHECK_STR(program.path, scratch_path("tiny"));
    CHECK(!program.shell_script);
}

TEST(a_static_program_is_refused) {
    struct tiny t = tiny();
    t.segments[0].p_type = PT_NOTE;
    t.header.e_type = ET_EXEC;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_FAILED);
    CHECK_STR(program.why, "static program: gordian cannot see into it");
    t.header.e_type = ET_DYN; /* static-pie */
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_FAILED);
    CHECK_STR(program.why, "static program: gordian cannot see into it");
}

TEST(the_loader_as_a_command_is_accepted) {
    struct tiny t = tiny();
    t.segments[0].p_type = PT_NOTE;
    CHECK_EQ(program_find(scratch_file("ld-linux-x86-64.so.2", &t, sizeof t, 0755), &program), 0);
}

TEST(a_foreign_program_is_refused_by_name) {
    struct tiny t = tiny();
    t.header.e_machine = EM_AARCH64;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_FAILED);
    CHECK_STR(program.why, "foreign architecture: it is 64-bit AArch64, gordian is 64-bit x86-64");
    t = tiny();
    t.header.e_ident[EI_CLASS] = ELFCLASS32;
    t.header.e_machine = EM_386;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_FAILED);
    CHECK_STR(program.why, "foreign architecture: it is 32-bit x86, gordian is 64-bit x86-64");
    t = tiny();
    t.header.e_ident[EI_DATA] = ELFDATA2MSB;
    t.header.e_machine = EM_S390 << 8; /* the bytes are in the other order */
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_FAILED);
    CHECK_STR(program.why,
              "foreign architecture: it is 64-bit big-endian IBM S/390, gordian is 64-bit x86-64");
    t.header.e_machine = 0x3412;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_FAILED);
    CHECK_STR(program.why,
              "foreign architecture: it is 64-bit big-endian machine 4660, gordian is 64-bit x86-64");
}

TEST(an_object_file_is_no_program) {
    struct tiny t = tiny();
    t.header.e_type = ET_REL;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "not a program but an object file");
    t.header.e_type = ET_CORE;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "not a program but a core dump");
}

TEST(a_missing_loader_is_not_found) {
    struct tiny t = tiny();
    strcpy(t.loader, "/no/ld.so");
    t.segments[0].p_filesz = sizeof "/no/ld.so";
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_FOUND);
    CHECK_STR(program.why, "its loader /no/ld.so does not exist");
}

TEST(a_program_cut_off_anywhere_is_told) {
    struct tiny t = tiny();
    for (size_t size = SELFMAG; size < sizeof t; size++) {
        CHECK_EQ(find_tiny(&t, size), CLI_NOT_RUNNABLE);
        CHECK(strncmp(program.why, "not a whole ELF program: ", 25) == 0);
    }
}

TEST(wild_offsets_are_told) {
    static const uint64_t wild[] = {UINT64_MAX, UINT64_MAX - 55, INT64_MAX, 1 << 20};
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        struct tiny t = tiny();
        t.header.e_phoff = wild[i];
        CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
        t = tiny();
        t.segments[0].p_offset = wild[i];
        CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
        t = tiny();
        t.segments[0].p_filesz = wild[i];
        CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
        t = tiny();
        t.segments[1].p_offset = wild[i];
        CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    }
    struct tiny t = tiny();
    t.header.e_phentsize = 0;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    t = tiny();
    t.header.e_phnum = 0;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    t = tiny();
    t.header.e_phnum = UINT16_MAX;
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    t = tiny();
    t.segments[0].p_filesz = 3; /* the loader's name does not end */
    CHECK_EQ(find_tiny(&t, sizeof t), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "not a whole ELF program: the name of its loader is damaged");
}

TEST(setuid_to_another_user_is_refused) {
    const char *path;
    struct stat status;
    struct statvfs mount;
    if (getuid() == 0) {
        struct tiny t = tiny();
        path = scratch_file("setuid", &t, sizeof t, 0755);
        CHECK_EQ(program_find(path, &program), 0);
        CHECK_EQ(chown(path, 1, 0), 0);
        CHECK_EQ(chmod(path, 04755), 0);
    } else {
        path = "/usr/bin/passwd";
    }
    CHECK_EQ(stat(path, &status), 0);
    CHECK(status.st_mode & S_ISUID);
    CHECK_EQ(statvfs(path, &mount), 0);
    bool honoured = !(mount.f_flag & ST_NOSUID);
    CHECK_EQ(program_find(path, &program), honoured ? CLI_FAILED : 0);
    if (honoured)
        CHECK_STR(program.why, "privileged program: it is setuid");
}

TEST(setuid_to_the_same_user_is_accepted) {
    struct tiny t = tiny();
    CHECK_EQ(program_find(scratch_file("own", &t, sizeof t, 04755), &program), 0);
}

TEST(a_script_is_judged_by_its_interpreter) {
    CHECK_EQ(program_find(scratch_text("script", "#!/bin/sh\nexit 3\n", 0755), &program), 0);
    CHECK_STR(program.path, scratch_path("script"));
    CHECK(!program.shell_script);
    CHECK_EQ(program_find(scratch_text("script", "#! \t/bin/sh -e", 0755), &program), 0);

    CHECK_EQ(program_find(scratch_text("script", "#!/no/such/interpreter -x\n", 0755), &program),
             CLI_NOT_FOUND);
    CHECK_STR(program.what, scratch_path("script"));
    CHECK_STR(program.why, "its interpreter /no/such/interpreter does not exist");

    CHECK_EQ(program_find(scratch_text("script", "#!/bin/sh\r\nexit\r\n", 0755), &program), CLI_NOT_FOUND);
    CHECK_STR(program.why, "its first line ends in a carriage return");

    CHECK_EQ(program_find(scratch_text("script", "#!/etc\n", 0755), &program), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "it is a directory");
}

TEST(a_script_with_a_static_interpreter_is_refused) {
    struct tiny t = tiny();
    t.segments[0].p_type = PT_NOTE;
    char text[4200];
    snprintf(text, sizeof text, "#!%s\n", scratch_file("tiny", &t, sizeof t, 0755));
    const char *inner = scratch_text("inner", text, 0755);
    CHECK_EQ(program_find(inner, &program), CLI_FAILED);
    CHECK_STR(program.what, scratch_path("tiny"));
    CHECK_STR(program.why, "static program: gordian cannot see into it");
    snprintf(text, sizeof text, "#!%s\n", inner);
    CHECK_EQ(program_find(scratch_text("outer", text, 0755), &program), CLI_FAILED);
    CHECK_STR(program.what, scratch_path("tiny"));
}

TEST(scripts_that_interpret_each_other_end) {
    char text[4200];
    snprintf(text, sizeof text, "#!%s\n", scratch_path("loop"));
    CHECK_EQ(program_find(scratch_text("loop", text, 0755), &program), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "too many interpreters that are scripts themselves");
}

TEST(env_in_a_script_leads_to_the_interpreter) {
    struct tiny t = tiny();
    t.segments[0].p_type = PT_NOTE;
    scratch_file("still", &t, sizeof t, 0755);
    char path[4200];
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", scratch_dir());
    setenv("PATH", path, 1);
    CHECK_EQ(program_find(scratch_text("script", "#!/usr/bin/env sh\n", 0755), &program), 0);
    CHECK_EQ(program_find(scratch_text("script", "#!/usr/bin/env still\n", 0755), &program), CLI_FAILED);
    CHECK_STR(program.what, scratch_path("still"));
    CHECK_EQ(program_find(scratch_text("script", "#!/usr/bin/env -S A=1 still -x\n", 0755), &program),
             CLI_FAILED);
    CHECK_STR(program.what, scratch_path("still"));
    CHECK_EQ(program_find(scratch_text("script", "#!/usr/bin/env -u HOME\n", 0755), &program), 0);
    CHECK_EQ(program_find(scratch_text("script", "#!/usr/bin/env no-such-thing\n", 0755), &program),
             CLI_NOT_FOUND);
    CHECK_STR(program.what, "no-such-thing");
    CHECK_EQ(program_find(scratch_text("script", "#!/usr/bin/env sh\r\n", 0755), &program), CLI_NOT_FOUND);
    CHECK_STR(program.why, "its first line ends in a carriage return");
}

TEST(text_goes_to_the_shell_and_garbage_nowhere) {
    CHECK_EQ(program_find(scratch_text("text", "echo hello\n", 0755), &program), 0);
    CHECK(program.shell_script);
    CHECK_STR(program.path, scratch_path("text"));
    CHECK_EQ(program_find(scratch_text("text", "", 0755), &program), 0);
    CHECK(program.shell_script);
    CHECK_EQ(program_find(scratch_text("text", "#!\n", 0755), &program), 0);
    CHECK(program.shell_script);
    CHECK_EQ(program_find(scratch_file("garbage", "\177EL\0garbage", 11, 0755), &program), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "neither an ELF program nor a script");
    CHECK_EQ(program_find(scratch_file("text", "echo a\n\0\0\0", 10, 0755), &program),
             0); /* data after a line */
    CHECK(program.shell_script);
}

TEST(what_cannot_be_executed) {
    CHECK_EQ(program_find("/etc/passwd", &program), CLI_NOT_RUNNABLE);
    CHECK_STR(program.what, "/etc/passwd");
    CHECK_STR(program.why, "it is not executable");
    CHECK_EQ(program_find("/etc", &program), CLI_NOT_RUNNABLE);
    CHECK_STR(program.why, "it is a directory");
    CHECK_EQ(program_find("/dev/null", &program), CLI_NOT_RUNNABLE);
    CHECK_EQ(program_find("/no/such/program", &program), CLI_NOT_FOUND);
    CHECK_STR(program.why, "no such program");
    CHECK_EQ(program_find("/etc/passwd/program", &program), CLI_NOT_FOUND);
    CHECK_EQ(program_find("", &program), CLI_NOT_FOUND);
    char name[8192];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    CHECK_EQ(program_find(name, &program), CLI_NOT_FOUND);
    name[0] = '/';
    CHECK_EQ(program_find(name, &program), CLI_NOT_FOUND);
}

TEST(path_is_searched_as_a_shell_does) {
    struct tiny t = tiny();
    CHECK_EQ(mkdir(scratch_path("first"), 0755), 0);
    CHECK_EQ(mkdir(scratch_path("second"), 0755), 0);
    CHECK_EQ(mkdir(scratch_path("first/directory"), 0755), 0);
    scratch_file("first/plain", &t, sizeof t, 0644);
    scratch_file("second/plain", &t, sizeof t, 0755);
    scratch_file("second/only", &t, sizeof t, 0644);
    scratch_file("second/directory", &t, sizeof t, 0755);
    char path[9000];
    snprintf(path, sizeof path, "/nowhere:%s:%s", scratch_path("first"), scratch_path("second"));
    setenv("PATH", path, 1);
    CHECK_EQ(program_find("plain", &program), 0); /* not the one that is not executable */
    CHECK_STR(program.path, scratch_path("second/plain"));
    CHECK_EQ(program_find("directory", &program), 0);
    CHECK_STR(program.path, scratch_path("second/directory"));
    CHECK_EQ(program_find("only", &program), CLI_NOT_RUNNABLE);
    CHECK_STR(program.what, scratch_path("second/only"));
    CHECK_EQ(program_find("nothing", &program), CLI_NOT_FOUND);
    CHECK_STR(program.what, "nothing");
    CHECK_STR(program.why, "no such program in PATH");

    CHECK_EQ(chdir(scratch_path("second")), 0);
    setenv("PATH", "/nowhere", 1);
    CHECK_EQ(program_find("plain", &program), CLI_NOT_FOUND);
    CHECK_STR(program.advice, "there is one in this directory: a name with ./ in front leads to it");
    setenv("PATH", "/nowhere:", 1); /* an empty entry is the working directory */
    CHECK_EQ(program_find("plain", &program), 0);
    CHECK_STR(program.path, "./plain");
    unsetenv("PATH");
    CHECK_EQ(program_find("sh", &program), 0);
    CHECK_STR(program.path, "/bin/sh");
}

CHECK_MAIN
