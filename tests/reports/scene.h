/* The recording that most tests of reports/ begin with: a bank whose two threads lock in opposite orders,
 * with real addresses of the fixture. Its ids are below. */
#ifndef GORDIAN_TESTS_REPORTS_SCENE_H
#define GORDIAN_TESTS_REPORTS_SCENE_H

#include "reports/report.h"
#include "reports/report_text.h"
#include "tests/reports/fixture.h"
#include "tests/reports/recording_builder.h"

enum { SCENE_MODULE = 1, SCENE_VDSO };
enum { SCENE_MAIN = 1, SCENE_TELLER };
enum { SCENE_FIRST = 1, SCENE_SECOND, SCENE_AUDIT }; /* stacks: two of transfer(), one of Bank::audit() */
enum { SCENE_ACCOUNT = 1, SCENE_TABLE, SCENE_BANK, SCENE_HEAP };

/* Start a recording with the modules, stacks, threads and locks. */
void scene_start(struct recording_builder *builder);

/* Main holds account_lock and wants table+0x40, the teller the other way round. Returns the finding's offset.
 */
size_t scene_add_deadlock(struct recording_builder *builder, uint32_t kind);

/* Save the recording under `name` and read it into the report; aborts when that fails. */
void scene_read(const struct recording_builder *builder, const char *name, struct report *report);

/* A report of the recording alone, and the path it was saved to when `path` is not NULL. */
struct report *scene_report(const struct recording_builder *builder, const char *name);

/* Return the text with what differs from machine to machine replaced: the directory of fixture.c, this
 * program's path, its build id, addresses. The caller frees it. */
char *scene_normalise(const char *text);

/* The text of the recording's first finding, as it is printed when it is made, not normalised. Frees the
 * builder; the caller frees the text. */
char *scene_finding_text(struct recording_builder *builder, const struct report_style *style);

/* The report as text (narrow ASCII, no colour) and as JSON, normalised. The caller frees it. */
char *scene_text(const struct report *report);
char *scene_json(const struct report *report);

/* What a writer with a root for its files writes, normalised; the root is /checkout, and fixture.c lies below
 * it. The caller frees it. */
typedef int scene_writer(const struct report *report, const char *directory, FILE *out);
char *scene_written(const struct report *report, scene_writer *write);

/* Leave it, not normalised, in the directory $REPORTS_DIR for a test that reads the format, if there is one.
 */
void scene_keep(const struct report *report, scene_writer *write, const char *name);

#endif
