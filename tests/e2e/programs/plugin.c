/* A plug-in with two locks of its own. Two shared objects are made of it, which differ in nothing but their
 * names. */
#include <pthread.h>

pthread_mutex_t plugin_first = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t plugin_second = PTHREAD_MUTEX_INITIALIZER;

void plugin_forth(void);
void plugin_back(void);

void plugin_forth(void) {
    pthread_mutex_lock(&plugin_first);  /* REPORTED */
    pthread_mutex_lock(&plugin_second); /* REPORTED */
    pthread_mutex_unlock(&plugin_second);
    pthread_mutex_unlock(&plugin_first);
}

void plugin_back(void) {
    pthread_mutex_lock(&plugin_second); /* REPORTED */
    pthread_mutex_lock(&plugin_first);  /* REPORTED */
    pthread_mutex_unlock(&plugin_first);
    pthread_mutex_unlock(&plugin_second);
}
