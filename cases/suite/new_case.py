"""gordian new-case NAME: a pair to start from."""

import os
import re

BUGGY = """\
/* What goes wrong, in one sentence.
 *
 * The story: who does what, in which order, and what comes of it. As it stands, two threads take two locks in
 * opposite orders, one after the other, so that nothing happens in this run.
 *
 * EXPECT gordian: deadlock.potential first_lock second_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, DONE };

static pthread_mutex_t first_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second_lock = PTHREAD_MUTEX_INITIALIZER;
static int shared;

static void *forth(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&first_lock);  /* REPORTED */
    pthread_mutex_lock(&second_lock); /* REPORTED */
    shared++;
    pthread_mutex_unlock(&second_lock);
    pthread_mutex_unlock(&first_lock);
    schedule_reach(DONE);
    return unused;
}

static void *back(void *unused) {
    schedule_wait(DONE);
    pthread_mutex_lock(&second_lock); /* REPORTED */
    pthread_mutex_lock(&first_lock);  /* REPORTED */
    shared--;
    pthread_mutex_unlock(&first_lock);
    pthread_mutex_unlock(&second_lock);
    return unused;
}

int main(void) {
    pthread_t one, other;
    pthread_create(&one, NULL, forth, NULL);
    pthread_create(&other, NULL, back, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    return shared;
}
"""

FIXED_HEAD = """\
/* What goes wrong, fixed: what cures it, in one sentence.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
"""


def fixed():
    """The buggy twin with its bug taken out: `back` takes the locks in the same order."""
    body = BUGGY[BUGGY.index("#include"):]
    body = body.replace("    pthread_mutex_lock(&second_lock); /* REPORTED */\n    pthread_mutex_lock(&first_lock);  /* REPORTED */\n",
                        "    pthread_mutex_lock(&first_lock);\n    pthread_mutex_lock(&second_lock);\n")
    body = re.sub(r" +/\* REPORTED \*/", "", body)
    body = body.replace("    pthread_mutex_unlock(&first_lock);\n    pthread_mutex_unlock(&second_lock);\n",
                        "    pthread_mutex_unlock(&second_lock);\n    pthread_mutex_unlock(&first_lock);\n")
    return FIXED_HEAD + body


def new_case(arguments, fail):
    """Write the pair; `arguments`: NAME or FOLDER/NAME. Returns the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        return fail("new-case", "wants one NAME, or FOLDER/NAME", "gordian help new-case shows an example")
    folder, name = os.path.split(arguments[0])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]*", name):
        return fail(name, "a name is made of letters, digits and underscores")
    paths = [os.path.join(folder, f"{name}_{twin}.c") for twin in ("buggy", "fixed")]
    try:
        if folder:
            os.makedirs(folder, exist_ok=True)
        for path in paths:
            if os.path.lexists(path):
                return fail(path, "there is such a file already")
        for path, text in zip(paths, (BUGGY, fixed())):
            with open(path, "x", encoding="ascii") as file:
                file.write(text)
            print(path)
    except OSError as error:
        return fail(error.filename, error.strerror)
    print(f"to run it: gordian suite --cases {folder or '.'} {name}")
    return 0
