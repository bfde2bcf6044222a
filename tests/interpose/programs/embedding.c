/* embedding INTERPRETER MEMORY [INTERPRETER MEMORY]: loads an interpreter (interpreter.c) as a plug-in would,
 * lets it run, and unloads it; then the next. Prints "done". */
#include <dlfcn.h>
#include <semaphore.h>
#include <stdio.h>

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
        void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        long (*run)(const char *);
        if (!library) {
            puts(dlerror());
            return 1;
        }
        *(void **)&run = dlsym(library, "interpreter_run");
        if (run(argv[i + 1]) != 0 || dlclose(library) != 0)
            return 1;
        /* A semaphore of the program's own, with no interpreter there. */
        sem_t semaphore;
        sem_init(&semaphore, 0, 1);
        sem_trywait(&semaphore);
        sem_post(&semaphore);
    }
    puts("done");
    return 0;
}
