#include "cli/topics.h"

#include <stddef.h>
#include <string.h>

static const char suppressions[] =
    "gordian run --suppressions FILE ..., gordian report --suppressions FILE ...\n"
    "\n"
    "FILE holds rules, each with a name in brackets. A finding is silenced when all\n"
    "that a rule asks for is so; then it is counted in the summary by the rule's name\n"
    "and does not change the exit status.\n"
    "\n"
    "  # The cache is filled before the second thread exists.\n"
    "  [cache before start]\n"
    "  kind: deadlock.potential\n"
    "  frames: cache_fill; ...; module:libcache.so*\n"
    "  lock: cache_lock\n"
    "  expires: 2027-01-31\n"
    "\n"
    "  kind: GLOB          the finding's kind\n"
    "  id: ID              this very finding; it is in every report\n"
    "  lock: GLOB          a lock of the knot has this name\n"
    "  frame: FRAME        a stack of the knot has such a frame\n"
    "  frames: FRAME; ...; FRAME\n"
    "                      a stack of the knot begins with these frames, innermost\n"
    "                      first; ... is any number of frames, and what follows the\n"
    "                      last one is free\n"
    "  expires: DATE       the last day on which the rule counts\n"
    "\n"
    "FRAME is a GLOB for the function, the source file or the module, each as a path\n"
    "or a file name; function:, file: or module: before it says which. In a GLOB * is\n"
    "any text, ? a character, [abc] one of a set, \\ before one of these takes it\n"
    "literally. A # begins a line that is a comment. kind, id and expires stand once,\n"
    "the others as often as needed.\n"
    "\n"
    "The knot is what a thread holds and wants of the locks that are in each other's\n"
    "way; locks held beside it do not count. ThreadSanitizer's lines deadlock:TEXT,\n"
    "mutex:TEXT and race:TEXT are taken, too.\n"
    "\n"
    "A rule with a mistake is told with file and line, and left out; the others\n"
    "count. Rules that silenced nothing and rules that have expired are named at the\n"
    "end. --full and --json give a rule for each finding that silences that one and\n"
    "no other.\n"
    "\n"
    "Examples\n"
    "  gordian report --full results\n"
    "      copy the rules of what you have looked at into gordian.supp\n"
    "  gordian run --suppressions gordian.supp -- ./server\n";

const char *topics_find(const char *name) {
    return strcmp(name, "suppressions") == 0 ? suppressions : NULL;
}
