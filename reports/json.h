/* Adds the values that reports are made of to cJSON objects: the program's strings, numbers of 64 bits,
 * times. Stateless. `object` is an object, or an array where that is said, and owns what is added.
 */
#ifndef GORDIAN_REPORTS_JSON_H
#define GORDIAN_REPORTS_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Add a string of the program as valid UTF-8, null for NULL; to an array as an element (the key is not used).
 */
void json_text(cJSON *object, const char *key, const char *text);

/* Add a string for people to read: as json_text, with control characters made visible (escape.h). */
void json_printable(cJSON *object, const char *key, const char *text);

void json_number(cJSON *object, const char *key, uint64_t value);

/* "0x12a0". */
void json_address(cJSON *object, const char *key, uint64_t value);

/* Seconds with nine digits after the point. */
void json_seconds(cJSON *object, const char *key, uint64_t ns);

/* A time of CLOCK_REALTIME as RFC 3339 has it: UTC, milliseconds. Null for 0. */
void json_time(cJSON *object, const char *key, uint64_t ns);

/* An array of the strings up to a NULL; empty when `texts` is NULL. */
void json_texts(cJSON *object, const char *key, const char *const *texts);

/* Write the item, on lines of its own or as one line, with a newline at its end, and delete it. Returns 0, or
 * a negative errno of the stream. */
int json_write(cJSON *item, bool lines, FILE *out);

#endif
