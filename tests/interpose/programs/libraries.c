/* Libraries that are loaded and unloaded while there are threads and locks. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/interpose/programs/cases.h"

/* Found through this program's RUNPATH, $ORIGIN: libc looks there because this program is the caller. */
static void *load(void) {
    void *library = dlopen("libloaded.so", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        puts(dlerror());
    return library;
}

static void found_beside_the_program(void) {
    void *library = load();
    printf("%d\n", library && dlclose(library) == 0);
}

static void *call(void *function) {
    (*(void (**)(void))function)();
    return NULL;
}

/* A stack in the library is remembered, and at its address there is another library next time, or none. */
static void loaded_and_unloaded(void) {
    for (int i = 0; i < 200; i++) {
        void *library = load();
        void (*take_both)(void);
        *(void **)&take_both = dlsym(library, "loaded_take_both");
        pthread_t thread;
        pthread_create(&thread, NULL, call, (void *)&take_both);
        take_both();
        pthread_join(thread, NULL);
        dlclose(library);
    }
    puts("done");
}

/* The library's constructor waits for a thread that takes a lock for the first time, while the loader's lock
 * is held. */
static void constructor_that_waits(void) {
    setenv("LOADED_WAITS", "1", 1);
    void *library = load();
    puts("loaded");
    dlclose(library);
}

static const struct cases_case cases[] = {{"found_beside_the_program", found_beside_the_program},
                                          {"loaded_and_unloaded", loaded_and_unloaded},
                                          {"constructor_that_waits", constructor_that_waits}};

CASES_MAIN(cases)
