#define _GNU_SOURCE /* memmem */
#include "reports/valgrind_xml.h"

#include <errno.h>
#include <expat.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/table.h"
#include "reports/valgrind_error.h"

#define DEPTH 64
#define TEXT_ROOM (64u << 10)
#define THREADS 65536

/* A frame as its elements are read. */
struct frame_parts {
    const char *object, *function, *directory, *file;
    uint64_t line;
};

struct valgrind_xml {
    XML_Parser parser;
    const struct foreign_sink *sink;
    struct memory_pool kept; /* until the end: the threads and the program */
    struct table threads;    /* by number -> struct foreign_thread */
    const char *source, *exe;
    uint64_t pid;

    unsigned depth;
    char names[DEPTH][32]; /* of the open elements, cut */
    char *text;            /* of the innermost one */
    size_t text_size, text_capacity;

    /* The error or announced thread at hand. */
    struct memory_pool pool;
    bool in_error, in_thread;
    bool cut; /* beyond the bounds */
    const char *kind;
    uint64_t valgrind_thread, thread; /* the latter as an hthreadid says */
    struct valgrind_part *parts;
    size_t count, capacity;
    struct foreign_frames frames;
    struct frame_parts frame;
    char what[160]; /* is wrong */
};

static bool is(const struct valgrind_xml *xml, unsigned up, const char *name) {
    return xml->depth > up && strcmp(xml->names[xml->depth - 1 - up], name) == 0;
}

/* Whether an open element has this name. */
static bool within(const struct valgrind_xml *xml, const char *name) {
    for (unsigned i = 0; i < xml->depth; i++)
        if (strcmp(xml->names[i], name) == 0)
            return true;
    return false;
}

static void give_up(struct valgrind_xml *xml, const char *what) {
    snprintf(xml->what, sizeof xml->what, "%s", what);
    XML_StopParser(xml->parser, XML_FALSE);
}

static struct valgrind_part *last_part(struct valgrind_xml *xml) {
    return xml->count ? &xml->parts[xml->count - 1] : NULL;
}

/* A new part, in the pool; the last one again when there are too many. */
static struct valgrind_part *add_part(struct valgrind_xml *xml) {
    if (xml->count >= FOREIGN_PARTS) {
        xml->cut = true;
        return &xml->parts[xml->count - 1];
    }
    if (!xml->parts || xml->count == xml->capacity) {
        size_t capacity = xml->capacity ? xml->capacity * 2 : 8;
        struct valgrind_part *wider = memory_pool_alloc(&xml->pool, capacity * sizeof *wider);
        if (xml->count)
            memcpy(wider, xml->parts, xml->count * sizeof *wider);
        xml->parts = wider;
        xml->capacity = capacity;
    }
    struct valgrind_part *part = &xml->parts[xml->count++];
    *part = (struct valgrind_part){.text = ""};
    return part;
}

static const char *text_of(struct valgrind_xml *xml, struct memory_pool *pool) {
    const char *from = xml->text ? xml->text : "";
    size_t size = xml->text_size;
    while (size && strchr(" \t\r\n", from[0]))
        from++, size--;
    while (size && strchr(" \t\r\n", from[size - 1]))
        size--;
    char *copy = memory_pool_copy(pool, from, size);
    for (char *c = copy; *c; c++)
        *c = (char)(*c == '\n' || *c == '\r' || *c == '\t' ? ' ' : *c);
    return copy;
}

static uint64_t number_of(struct valgrind_xml *xml, int base) {
    return strtoull(text_of(xml, &xml->pool), NULL, base);
}

static uint32_t small(uint64_t number) {
    return number < UINT32_MAX ? (uint32_t)number : 0;
}

/* ---- what is at hand ends ---- */

static void clear(struct valgrind_xml *xml) {
    memory_pool_free(&xml->pool);
    xml->pool = (struct memory_pool){0};
    xml->kind = "";
    xml->valgrind_thread = xml->thread = 0;
    xml->parts = NULL;
    xml->count = xml->capacity = 0;
    xml->frames = (struct foreign_frames){0};
    xml->in_error = xml->in_thread = xml->cut = false;
}

static void add_threads(struct valgrind_xml *xml, struct foreign_report *report) {
    for (size_t i = 0; i < report->steps_count; i++) {
        uint32_t number = report->steps[i].thread;
        const struct foreign_thread *known = table_find(&xml->threads, number);
        struct foreign_thread *told = known ? foreign_thread(&xml->pool, report, number) : NULL;
        if (told)
            *told = *known;
    }
}

static void end_error(struct valgrind_xml *xml, bool whole) {
    if (xml->count) {
        struct valgrind_error error = {xml->kind, small(xml->valgrind_thread), xml->parts, xml->count};
        struct foreign_report report = {.source = xml->source,
                                        .exe = xml->exe,
                                        .pid = small(xml->pid),
                                        .count = 1,
                                        .cut = !whole || xml->cut};
        valgrind_error_tell(&xml->pool, &error, &report);
        add_threads(xml, &report);
        xml->sink->take(xml->sink->context, &report);
    }
    clear(xml);
}

/* Copy a stack to what is kept. */
static struct report_stack keep_stack(struct valgrind_xml *xml, const struct report_stack *stack) {
    struct foreign_frames frames = {.cut = stack->cut};
    for (size_t i = 0; i < stack->count; i++) {
        struct report_frame frame = stack->frames[i];
        const char **texts[] = {&frame.function, &frame.file, &frame.module};
        for (size_t k = 0; k < 3; k++)
            if (*texts[k])
                *texts[k] = memory_pool_copy(&xml->kept, *texts[k], strlen(*texts[k]));
        foreign_frames_add(&xml->kept, &frames, &frame);
    }
    return (struct report_stack){frames.frames, frames.count, frames.cut};
}

static void end_thread(struct valgrind_xml *xml) {
    uint32_t number = small(xml->thread);
    if (number && xml->threads.count < THREADS && !table_find(&xml->threads, number)) {
        struct foreign_thread *thread = memory_pool_alloc(&xml->kept, sizeof *thread);
        thread->number = number;
        if (xml->count)
            thread->created = keep_stack(xml, &xml->parts[0].stack);
        table_put(&xml->threads, number, thread);
    }
    clear(xml);
}

static void end_frame(struct valgrind_xml *xml) {
    const struct frame_parts *parts = &xml->frame;
    const char *function = parts->function ? parts->function : "???";
    struct report_frame frame = {
        /* "pthread_create@@GLIBC_2.34" */
        .function = memory_pool_copy(&xml->pool, function, strcspn(function, "@")),
        .file = parts->file && parts->directory
                    ? memory_pool_format(&xml->pool, "%s/%s", parts->directory, parts->file)
                    : parts->file,
        .module = parts->object,
        .line = parts->line <= INT32_MAX && parts->file ? (uint32_t)parts->line : 0,
    };
    foreign_frames_add(&xml->pool, &xml->frames, &frame);
}

/* A stack belongs to the sentence before it, if that has none yet. */
static void end_stack(struct valgrind_xml *xml) {
    struct valgrind_part *part = last_part(xml);
    if (!part || part->has_stack || within(xml, "allocation_context") || within(xml, "other_segment_start") ||
        within(xml, "other_segment_end"))
        part = add_part(xml);
    if (within(xml, "allocation_context"))
        part->kind = VALGRIND_ALLOCATED;
    else if (within(xml, "other_segment_start") || within(xml, "other_segment_end"))
        part->kind = VALGRIND_OTHER;
    part->stack = (struct report_stack){xml->frames.frames, xml->frames.count, xml->frames.cut};
    part->has_stack = true;
    xml->frames = (struct foreign_frames){0};
}

/* ---- elements ---- */

static void end_in_frame(struct valgrind_xml *xml) {
    if (is(xml, 0, "obj"))
        xml->frame.object = text_of(xml, &xml->pool);
    else if (is(xml, 0, "fn"))
        xml->frame.function = text_of(xml, &xml->pool);
    else if (is(xml, 0, "dir"))
        xml->frame.directory = text_of(xml, &xml->pool);
    else if (is(xml, 0, "file"))
        xml->frame.file = text_of(xml, &xml->pool);
    else if (is(xml, 0, "line"))
        xml->frame.line = number_of(xml, 10);
}

static void end_sentence(struct valgrind_xml *xml) {
    struct valgrind_part *part = add_part(xml);
    part->text = text_of(xml, &xml->pool);
    if (within(xml, "first_observed_at"))
        part->kind = VALGRIND_FIRST_OBSERVED;
}

static void end_in_error(struct valgrind_xml *xml) {
    bool sentence =
        is(xml, 0, "what") || is(xml, 0, "auxwhat") || (is(xml, 0, "text") && !is(xml, 1, "error"));
    if (is(xml, 0, "error"))
        end_error(xml, true);
    else if (is(xml, 0, "kind") && is(xml, 1, "error"))
        xml->kind = text_of(xml, &xml->pool);
    else if (is(xml, 0, "tid") && is(xml, 1, "error"))
        xml->valgrind_thread = number_of(xml, 10);
    else if (is(xml, 0, "hthreadid") && xml->count)
        last_part(xml)->thread = small(number_of(xml, 10));
    else if (is(xml, 0, "address") && is(xml, 1, "first_observed_at") && xml->count)
        last_part(xml)->address = number_of(xml, 16);
    else if (sentence)
        end_sentence(xml);
}

static void end_outside(struct valgrind_xml *xml) {
    if (is(xml, 0, "pid") && is(xml, 1, "valgrindoutput")) {
        xml->pid = number_of(xml, 10);
    } else if (is(xml, 0, "exe") && is(xml, 1, "argv") && !xml->exe) {
        xml->exe = text_of(xml, &xml->kept);
    } else if (is(xml, 0, "protocoltool") || (is(xml, 0, "tool") && is(xml, 1, "valgrindoutput"))) {
        const char *tool = text_of(xml, &xml->pool);
        xml->source = strcmp(tool, "helgrind") == 0 ? "Helgrind" : strcmp(tool, "drd") == 0 ? "DRD" : NULL;
        if (!xml->source)
            give_up(xml, "it is of another tool of Valgrind's than Helgrind and DRD");
    }
    memory_pool_free(&xml->pool);
    xml->pool = (struct memory_pool){0};
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes) {
    struct valgrind_xml *xml = context;
    (void)attributes;
    if (xml->depth == DEPTH) {
        give_up(xml, "its elements are nested deeper than 64");
        return;
    }
    if (!xml->depth && strcmp(name, "valgrindoutput") != 0) {
        give_up(xml, "it is XML, but not of Valgrind's");
        return;
    }
    snprintf(xml->names[xml->depth++], sizeof xml->names[0], "%s", name);
    xml->text_size = 0;
    if (xml->depth == 2 && (is(xml, 0, "error") || is(xml, 0, "announcethread"))) {
        clear(xml);
        xml->in_error = is(xml, 0, "error");
        xml->in_thread = !xml->in_error;
    } else if (is(xml, 0, "frame")) {
        xml->frame = (struct frame_parts){0};
    }
}

static void XMLCALL on_end(void *context, const XML_Char *name) {
    struct valgrind_xml *xml = context;
    (void)name;
    if (!xml->in_error && !xml->in_thread)
        end_outside(xml);
    else if (is(xml, 0, "stack"))
        end_stack(xml);
    else if (is(xml, 0, "frame"))
        end_frame(xml);
    else if (is(xml, 1, "frame"))
        end_in_frame(xml);
    else if (xml->in_error)
        end_in_error(xml);
    else if (is(xml, 0, "announcethread"))
        end_thread(xml);
    else if (is(xml, 0, "hthreadid"))
        xml->thread = number_of(xml, 10);
    xml->text_size = 0;
    xml->depth--;
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size) {
    struct valgrind_xml *xml = context;
    size_t room = TEXT_ROOM - xml->text_size, taken = (size_t)size < room ? (size_t)size : room;
    xml->text = memory_array_grow(xml->text, &xml->text_capacity, xml->text_size + taken + 1, 1);
    memcpy(xml->text + xml->text_size, text, taken);
    xml->text_size += taken;
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal) {
    (void)name, (void)system, (void)public, (void)internal;
    give_up(context, "it declares a document type, which Valgrind never does");
}

struct valgrind_xml *valgrind_xml_open(const struct foreign_sink *sink) {
    size_t capacity = 0;
    struct valgrind_xml *xml = memory_array_grow(NULL, &capacity, 1, sizeof *xml);
    *xml = (struct valgrind_xml){
        .parser = XML_ParserCreate(NULL), .sink = sink, .kind = "", .source = "Helgrind"};
    if (!xml->parser) {
        fputs("gordian: out of memory: the report cannot be made\n", stderr);
        exit(125);
    }
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    return xml;
}

int valgrind_xml_read(struct valgrind_xml *xml, const char *bytes, size_t size, bool last, char *error,
                      size_t error_size) {
    /* expat's sizes are ints. */
    for (size_t at = 0; at < size || last; at += 1u << 20) {
        size_t piece = size - at < (1u << 20) ? size - at : 1u << 20;
        bool end = last && at + piece == size;
        if (XML_Parse(xml->parser, bytes + at, (int)piece, end) == XML_STATUS_ERROR) {
            if (!xml->what[0])
                snprintf(xml->what, sizeof xml->what, "it is damaged or cut off: %s",
                         XML_ErrorString(XML_GetErrorCode(xml->parser)));
            snprintf(error, error_size, "%s (line %lu)", xml->what,
                     (unsigned long)XML_GetCurrentLineNumber(xml->parser));
            if (xml->in_error)
                end_error(xml, false);
            return -EINVAL;
        }
        if (end)
            break;
    }
    return 0;
}

void valgrind_xml_close(struct valgrind_xml *xml) {
    if (!xml)
        return;
    XML_ParserFree(xml->parser);
    memory_pool_free(&xml->pool);
    memory_pool_free(&xml->kept);
    table_free(&xml->threads);
    free(xml->text);
    free(xml);
}

bool valgrind_xml_is(const char *text, size_t size) {
    size_t head = size < 4096 ? size : 4096;
    while (head && strchr(" \t\r\n", *text))
        text++, head--;
    return head && *text == '<' &&
           (memmem(text, head, "<valgrindoutput", 15) || memmem(text, head, "<?xml", 5));
}
