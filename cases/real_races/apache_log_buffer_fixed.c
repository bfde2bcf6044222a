/* Two requests write to one log buffer, fixed: copying a line and moving the end are one critical section.
 * The second thread finds the new end.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 820
 * Source: Apache httpd bug 25520
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cases/schedule.h"

enum { HOME_COPIED, CART_COPIED, CART_WRITTEN };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_buffer[64];
static size_t log_end;

static void write_line(const char *line, int copied, int wait_for) {
    size_t length = strlen(line);
    pthread_mutex_lock(&log_lock);
    memcpy(log_buffer + log_end, line, length); // NOLINT(bugprone-not-null-terminated-result)
    schedule_reach(copied);
    schedule_linger(wait_for);
    log_end += length;
    pthread_mutex_unlock(&log_lock);
}

static void *serve_home(void *unused) {
    write_line("GET /home\n", HOME_COPIED, CART_WRITTEN);
    return unused;
}

static void *serve_cart(void *unused) {
    schedule_wait(HOME_COPIED);
    write_line("GET /cart\n", CART_COPIED, CART_COPIED); /* waits for nobody */
    schedule_reach(CART_WRITTEN);
    return unused;
}

int main(void) {
    pthread_t home, cart;
    pthread_create(&home, NULL, serve_home, NULL);
    pthread_create(&cart, NULL, serve_cart, NULL);
    pthread_join(home, NULL);
    pthread_join(cart, NULL);
    printf("%zu bytes of log, and up to the first gap:\n%s", log_end, log_buffer);
    return strcmp(log_buffer, "GET /home\nGET /cart\n") == 0 ? 0 : 1;
}
