#include "reports/escape.h"

#include <stdbool.h>

size_t escape_decode(const char *text, uint32_t *character) {
    const unsigned char *byte = (const unsigned char *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = byte[0] < 0x80       ? 1
                    : byte[0] >> 5 == 6  ? 2
                    : byte[0] >> 4 == 14 ? 3
                    : byte[0] >> 3 == 30 ? 4
                                         : 0;
    if (length < 2) {
        *character = byte[0];
        return length;
    }
    uint32_t value = byte[0] & (0x7f >> length);
    for (size_t i = 1; i < length; i++) {
        if (byte[i] >> 6 != 2) /* stops at the NUL too */
            return 0;
        value = value << 6 | (byte[i] & 0x3f);
    }
    *character = value;
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    return value < smallest[length] || value > 0x10ffff || surrogate ? 0 : length;
}

static bool is_printable(uint32_t character) {
    return character >= 0x20 && character != 0x7f && !(character >= 0x80 && character < 0xa0) &&
           !(character >= 0x200e && character <= 0x200f) && !(character >= 0x2028 && character <= 0x202e) &&
           !(character >= 0x2066 && character <= 0x2069) && character != 0x061c && character != 0xfeff;
}

/* Write one character, or what stands for it. Returns its length in bytes. */
static size_t write_visible(const char *text, FILE *out) {
    uint32_t character;
    size_t length = escape_decode(text, &character);
    if (!length)
        fprintf(out, "\\x%02x", (unsigned char)*text);
    else if (!is_printable(character))
        fprintf(out, character < 0x100 ? "\\x%02x" : "\\u{%04x}", character);
    else
        fwrite(text, 1, length, out);
    return length ? length : 1;
}

void escape_write(const char *text, FILE *out) {
    while (*text)
        text += write_visible(text, out);
}

/* Whether the byte stands for itself in HTML. */
static bool is_plain(char byte) {
    return byte >= ' ' && byte < 0x7f && byte != '&' && byte != '<' && byte != '>' && byte != '"' &&
           byte != '\'';
}

void escape_write_html(const char *text, size_t size, FILE *out) {
    for (const char *end = text + size; text < end && *text;) {
        const char *run = text;
        while (text < end && is_plain(*text))
            text++;
        if (text > run) {
            fwrite(run, 1, (size_t)(text - run), out);
            continue;
        }
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\'' ? "&#39;"
                                             : NULL;
        if (entity)
            fputs(entity, out);
        text += entity ? 1 : write_visible(text, out);
    }
}

void escape_write_ascii(const char *text, FILE *out) {
    while (*text) {
        uint32_t character;
        size_t length = escape_decode(text, &character);
        if (length == 1)
            fputc(*text, out);
        else if (length)
            fprintf(out, "\\u{%x}", character);
        else
            fprintf(out, "\\x%02x", (unsigned char)*text);
        text += length ? length : 1;
    }
}

void escape_write_utf8(const char *text, FILE *out) {
    while (*text) {
        uint32_t character;
        size_t length = escape_decode(text, &character);
        if (length)
            fwrite(text, 1, length, out);
        else
            fputs("\xef\xbf\xbd", out);
        text += length ? length : 1;
    }
}

/* The reference for a character that a parser takes for markup, or would turn into another white space. */
static const char *xml_reference(uint32_t character, bool attribute) {
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return attribute ? "&#9;" : "\t";
    case '\n':
        return attribute ? "&#10;" : "\n";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

void escape_write_xml(const char *text, bool attribute, FILE *out) {
    while (*text) {
        uint32_t character;
        size_t length = escape_decode(text, &character);
        const char *reference = length ? xml_reference(character, attribute) : NULL;
        bool forbidden = length && (character < 0x20 || character == 0xfffe || character == 0xffff);
        if (reference)
            fputs(reference, out);
        else if (!length)
            fprintf(out, "\\x%02x", (unsigned char)*text);
        else if (forbidden)
            fprintf(out, character < 0x100 ? "\\x%02x" : "\\u{%04x}", character);
        else
            fwrite(text, 1, length, out);
        text += length ? length : 1;
    }
}
