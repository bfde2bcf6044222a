/* A plug-in that goes, fixed: the first thread unloads the plug-in before the second one loads it. It comes
 * to the same addresses again (the first thread stays, so that the memory of its stack is not used instead),
 * but its locks are new ones, and each pair of them knows one order. ThreadSanitizer does not notice that the
 * plug-in was unloaded, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#ifdef PLUGIN

#include <pthread.h>

static pthread_mutex_t input_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;

void encode(void);
void decode(void);

void encode(void) {
    pthread_mutex_lock(&input_lock);
    pthread_mutex_lock(&output_lock);
    pthread_mutex_unlock(&output_lock);
    pthread_mutex_unlock(&input_lock);
}

void decode(void) {
    pthread_mutex_lock(&output_lock);
    pthread_mutex_lock(&input_lock);
    pthread_mutex_unlock(&input_lock);
    pthread_mutex_unlock(&output_lock);
}

#else

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, ENCODED, DECODED };

static char path[4096];

static void use_plugin(const char *name) {
    void (*function)(void);
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    *(void **)&function = dlsym(plugin, name);
    function();
    dlclose(plugin);
}

static void *run_encoder(void *unused) {
    schedule_wait(BOTH_EXIST);
    use_plugin("encode");
    schedule_reach(ENCODED);
    schedule_wait(DECODED);
    return unused;
}

static void *run_decoder(void *unused) {
    schedule_wait(ENCODED);
    use_plugin("decode");
    schedule_reach(DECODED);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t encoder, decoder;
    snprintf(path, sizeof path, "%s.so", argc ? argv[0] : "");
    pthread_create(&encoder, NULL, run_encoder, NULL);
    pthread_create(&decoder, NULL, run_decoder, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(encoder, NULL);
    pthread_join(decoder, NULL);
    return 0;
}

#endif
