#include "reports/kinds.h"

#include <ctype.h>

#include "detector/finding.h"
#include "tests/check.h"

static void check_sentence(const char *text) {
    CHECK(isupper((unsigned char)text[0]));
    CHECK(text[strlen(text) - 1] == '.');
    CHECK(strpbrk(text, "\n{}[]") == NULL);
}

TEST(every_kind_has_its_texts) {
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++) {
        const struct kind_text *text = kinds_text(kind);
        CHECK(strcmp(text->name, "Finding") != 0);
        CHECK_EQ(strspn(text->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
                 strlen(text->name));
        for (uint32_t other = 1; other < kind; other++)
            CHECK(strcmp(text->name, kinds_text(other)->name) != 0);
        check_sentence(text->brief);
        check_sentence(text->full);
        check_sentence(text->help);
        CHECK(text->severity >= FINDING_NOTE && text->severity <= FINDING_ERROR);
        CHECK(!text->cwe || strncmp(text->cwe, "CWE-", 4) == 0);
    }
}

TEST(a_kind_that_is_not_known_says_so) {
    CHECK_STR(kinds_text(0)->name, "Finding");
    CHECK_STR(kinds_text(FINDING_KINDS)->name, "Finding");
    CHECK_STR(kinds_text(UINT32_MAX)->name, "Finding");
}

CHECK_MAIN
