#include "reports/escape.h"

#include <stdlib.h>

#include "tests/check.h"

static void check_written(void (*write)(const char *text, FILE *out), const char *text,
                          const char *expected) {
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size);
    write(text, out);
    fclose(out);
    CHECK_STR(result, expected);
    free(result);
}

TEST(a_terminal_gets_no_control_characters) {
    check_written(escape_write, "plain text", "plain text");
    check_written(escape_write, "\033[2J\r\n\t\x07\x7f", "\\x1b[2J\\x0d\\x0a\\x09\\x07\\x7f");
    check_written(escape_write,
                  "\xc2\x9b"
                  "31m",
                  "\\x9b31m"); /* CSI as a C1 character */
    check_written(escape_write,
                  "a\xe2\x80\xae"
                  "b",
                  "a\\u{202e}b"); /* right-to-left override */
    check_written(escape_write, "\xc3\xbc \xf0\x9f\x94\x92", "\xc3\xbc \xf0\x9f\x94\x92");
}

TEST(bytes_that_are_no_utf8_are_shown_one_by_one) {
    check_written(escape_write, "\xff", "\\xff");
    check_written(escape_write, "\xc3", "\\xc3"); /* cut off */
    check_written(escape_write, "\xe2\x82", "\\xe2\\x82");
    check_written(escape_write, "\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
    check_written(escape_write, "\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    check_written(escape_write, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
}

TEST(ascii_keeps_what_steers_the_terminal) {
    check_written(escape_write_ascii, "\033[1mz\xc3\xa4hler\n\xf0\x9f\x94\x92\xff",
                  "\033[1mz\\u{e4}hler\n\\u{1f512}\\xff");
}

TEST(json_gets_valid_utf8) {
    check_written(escape_write_utf8,
                  "a\xff"
                  "b\xc3\xbc\xe2\x82",
                  "a\xef\xbf\xbd"
                  "b\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
    check_written(escape_write_utf8, "\033\n", "\033\n");
}

static void write_attribute(const char *text, FILE *out) {
    escape_write_xml(text, true, out);
}

static void write_between_tags(const char *text, FILE *out) {
    escape_write_xml(text, false, out);
}

TEST(xml_gets_references_and_none_of_what_it_forbids) {
    check_written(write_attribute, "<a href=\"x\">&'\t\n\r",
                  "&lt;a href=&quot;x&quot;&gt;&amp;'&#9;&#10;&#13;");
    check_written(write_between_tags, "]]>\t\n\r&", "]]&gt;\t\n&#13;&amp;");
    check_written(write_attribute, "\033[31m\x01\x7f", "\\x1b[31m\\x01\x7f");
    check_written(write_between_tags, "a\xff\xc3", "a\\xff\\xc3");
    check_written(write_between_tags, "\xed\xa0\x80", "\\xed\\xa0\\x80");
    check_written(write_between_tags, "\xef\xbf\xbe\xef\xbf\xbf", "\\u{fffe}\\u{ffff}");
    check_written(write_between_tags, "\xc3\xbc \xf0\x9f\x94\x92", "\xc3\xbc \xf0\x9f\x94\x92");
}

static void write_html(const char *text, FILE *out) {
    escape_write_html(text, strlen(text), out);
}

static void write_three_bytes(const char *text, FILE *out) {
    escape_write_html(text, 3, out);
}

TEST(html_gets_entities_for_all_that_means_something_there) {
    check_written(write_html, "plain text", "plain text");
    check_written(write_html, "", "");
    check_written(write_html, "<a href=\"x\" b='&'>\xc3\xbc",
                  "&lt;a href=&quot;x&quot; b=&#39;&amp;&#39;&gt;\xc3\xbc");
    check_written(write_html, "\xff\t\033\xe2\x80\xae", "\\xff\\x09\\x1b\\u{202e}");
    check_written(write_three_bytes, "abcdef", "abc");
    check_written(write_three_bytes, "ab\xc3\xbc", "ab\xc3\xbc"); /* a character is written whole */
}

CHECK_MAIN
