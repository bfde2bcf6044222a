/* The library of two_knots.c: its functions take its locks in two orders. */
#include <pthread.h>

pthread_mutex_t third = PTHREAD_MUTEX_INITIALIZER, third_too = PTHREAD_MUTEX_INITIALIZER;

void third_forth(void);
void third_back(void);

void third_forth(void) {
    pthread_mutex_lock(&third);
    pthread_mutex_lock(&third_too);
    pthread_mutex_unlock(&third_too);
    pthread_mutex_unlock(&third);
}

void third_back(void) {
    pthread_mutex_lock(&third_too);
    pthread_mutex_lock(&third);
    pthread_mutex_unlock(&third);
    pthread_mutex_unlock(&third_too);
}
