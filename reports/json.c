#include "reports/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/escape.h"

static void add_escaped(cJSON *object, const char *key, const char *text,
                        void (*escape)(const char *text, FILE *out)) {
    char *valid = NULL;
    size_t size = 0;
    FILE *buffer = text ? open_memstream(&valid, &size) : NULL;
    if (buffer) {
        escape(text, buffer);
        fclose(buffer);
    }
    if (!object || (object->type & 0xff) != cJSON_Array)
        cJSON_AddItemToObject(object, key, valid ? cJSON_CreateString(valid) : cJSON_CreateNull());
    else
        cJSON_AddItemToArray(object, cJSON_CreateString(valid ? valid : ""));
    free(valid);
}

void json_text(cJSON *object, const char *key, const char *text) {
    add_escaped(object, key, text, escape_write_utf8);
}

void json_printable(cJSON *object, const char *key, const char *text) {
    add_escaped(object, key, text, escape_write);
}

/* cJSON's numbers are doubles; counts and times are 64 bits wide. */
void json_number(cJSON *object, const char *key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    cJSON_AddRawToObject(object, key, text);
}

void json_address(cJSON *object, const char *key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    cJSON_AddStringToObject(object, key, text);
}

void json_seconds(cJSON *object, const char *key, uint64_t ns) {
    char text[40];
    snprintf(text, sizeof text, "%" PRIu64 ".%09" PRIu64, ns / 1000000000u, ns % 1000000000u);
    cJSON_AddRawToObject(object, key, text);
}

void json_time(cJSON *object, const char *key, uint64_t ns) {
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm parts;
    char day[40], text[64];
    if (!ns || !gmtime_r(&seconds, &parts) || !strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts)) {
        cJSON_AddNullToObject(object, key);
        return;
    }
    snprintf(text, sizeof text, "%s.%03uZ", day, (unsigned)(ns / 1000000u % 1000u));
    cJSON_AddStringToObject(object, key, text);
}

void json_texts(cJSON *object, const char *key, const char *const *texts) {
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (; texts && *texts; texts++)
        json_text(array, NULL, *texts);
}

int json_write(cJSON *item, bool lines, FILE *out) {
    char *text = lines ? cJSON_Print(item) : cJSON_PrintUnformatted(item);
    cJSON_Delete(item);
    if (!text)
        return -ENOMEM;
    bool written = fputs(text, out) != EOF && fputc('\n', out) != EOF && fflush(out) == 0;
    int error = errno;
    free(text);
    return written ? 0 : error ? -error : -EIO;
}
