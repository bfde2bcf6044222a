#define _GNU_SOURCE
#include "tests/reports/scene.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report_json.h"

static void add_stack(struct recording_builder *builder, uint32_t id, struct fixture_stack stack) {
    builder_stack(builder, id, stack.addresses, stack.count);
}

void scene_start(struct recording_builder *builder) {
    struct fixture_module module = fixture_module();
    builder_start(builder);
    builder_module(builder, SCENE_MODULE, module.path, module.start, module.end, module.bias, module.build_id,
                   module.build_id_size);
    builder_module(builder, SCENE_VDSO, "[vdso]", module.vdso_start, module.vdso_end, module.vdso_start,
                   module.vdso_build_id, module.vdso_build_id_size);
    add_stack(builder, SCENE_FIRST, fixture_transfer_first());
    add_stack(builder, SCENE_SECOND, fixture_transfer_second());
    add_stack(builder, SCENE_AUDIT, fixture_audit());
    builder_thread(builder, SCENE_MAIN, 0, 0, "bank");
    builder_thread(builder, SCENE_TELLER, SCENE_MAIN, SCENE_AUDIT, "teller");
    builder_lock(builder, SCENE_ACCOUNT, LOCK_KIND_MUTEX, (uintptr_t)&account_lock, 0, SCENE_FIRST);
    builder_lock(builder, SCENE_TABLE, LOCK_KIND_MUTEX, (uintptr_t)&table.lock, 0, 0);
    builder_lock(builder, SCENE_BANK, LOCK_KIND_MUTEX, (uintptr_t)&bank_lock, 0, 0);
    builder_lock(builder, SCENE_HEAP, LOCK_KIND_MUTEX, 0x7f0000001000, SCENE_AUDIT, SCENE_FIRST);
}

size_t scene_add_deadlock(struct recording_builder *builder, uint32_t kind) {
    const struct builder_step steps[] = {
        {.thread = SCENE_MAIN,
         .holds = {{SCENE_ACCOUNT, LOCK_EXCLUSIVE, SCENE_FIRST}},
         .holds_count = 1,
         .wants = {SCENE_TABLE, LOCK_EXCLUSIVE, SCENE_SECOND}},
        {.thread = SCENE_TELLER,
         .holds = {{SCENE_TABLE, LOCK_EXCLUSIVE, SCENE_AUDIT}, {SCENE_BANK, LOCK_EXCLUSIVE, SCENE_AUDIT}},
         .holds_count = 2,
         .wants = {SCENE_ACCOUNT, LOCK_EXCLUSIVE, SCENE_FIRST}},
    };
    return builder_finding(builder, kind, FINDING_SHAPE_CYCLE, steps, 2);
}

void scene_read(const struct recording_builder *builder, const char *name, struct report *report) {
    char error[256];
    if (report_update(report, builder_save(builder, name), error, sizeof error) != 0) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
}

struct report *scene_report(const struct recording_builder *builder, const char *name) {
    struct report *report = report_create();
    scene_read(builder, name, report);
    return report;
}

/* Replace what begins at one of the words with its stand-in. */
static size_t replaced(const char *at, const char *word, const char *stand_in, FILE *out) {
    size_t length = strlen(word);
    if (!length || strncmp(at, word, length) != 0)
        return 0;
    fputs(stand_in, out);
    return length;
}

/* The length of the path at `at` that ends in fixture.c. */
static size_t fixture_path(const char *at) {
    size_t length = strcspn(at, " :\"\n");
    static const char name[] = "tests/reports/fixture.c";
    return length >= sizeof name - 1 && strncmp(at + length - (sizeof name - 1), name, sizeof name - 1) == 0
               ? length
               : 0;
}

/* The length of a word of 16 hexadecimal digits: nothing else here has that length. */
static size_t finding_id(const char *text, const char *at) {
    size_t digits = strspn(at, "0123456789abcdef");
    return digits == 16 && (at == text || !isxdigit((unsigned char)at[-1])) ? digits : 0;
}

char *scene_normalise(const char *text) {
    const char *whole = text;
    struct fixture_module module = fixture_module();
    char build_id[73] = "", *result = NULL;
    size_t size = 0;
    for (uint32_t i = 0; i < module.build_id_size; i++)
        sprintf(build_id + i * 2, "%02x", module.build_id[i]);
    const char *directory = getenv("TEST_TMPDIR");
    FILE *out = open_memstream(&result, &size);
    for (size_t skip; *text; text += skip) {
        if ((skip = fixture_path(text)) != 0)
            fputs("fixture.c", out);
        else if ((skip = finding_id(whole, text)) != 0)
            fputs("ID", out);
        else if ((skip = replaced(text, module.path, "PROGRAM", out)) != 0 ||
                 (skip = replaced(text, build_id, "BUILDID", out)) != 0 ||
                 (skip = replaced(text, directory ? directory : "/tmp", "TMP", out)) != 0)
            continue;
        else if (strncmp(text, " 0x", 3) == 0 || strncmp(text, "\"0x", 3) == 0 ||
                 strncmp(text, "M+0x", 4) == 0) {
            fprintf(out, "%cADDRESS", *text);
            skip = strcspn(text, "x") + 1;
            while (isxdigit((unsigned char)text[skip]))
                skip++;
        } else {
            fputc(*text, out);
            skip = 1;
        }
    }
    fclose(out);
    return result;
}

char *scene_finding_text(struct recording_builder *builder, const struct report_style *style) {
    struct report *report = scene_report(builder, "scene");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    report_text_finding(report, report_finding(report, 0), style, out);
    fclose(out);
    report_free(report);
    builder_free(builder);
    return text;
}

static char *written(int (*write)(const struct report *report, FILE *out), const struct report *report) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (write(report, out) != 0)
        abort();
    fclose(out);
    char *result = scene_normalise(text);
    free(text);
    return result;
}

static int write_text(const struct report *report, FILE *out) {
    return report_text_write(report, &(struct report_style){0}, out);
}

char *scene_text(const struct report *report) {
    return written(write_text, report);
}

char *scene_json(const struct report *report) {
    return written(report_json_write, report);
}

char *scene_written(const struct report *report, scene_writer *write) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (write(report, "/checkout", out) != 0)
        abort();
    fclose(out);
    char *result = scene_normalise(text);
    free(text);
    return result;
}

void scene_keep(const struct report *report, scene_writer *write, const char *name) {
    const char *directory = getenv("REPORTS_DIR");
    char path[512];
    if (!directory)
        return;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w");
    if (!out || write(report, "/checkout", out) != 0 || fclose(out) != 0)
        abort();
}
