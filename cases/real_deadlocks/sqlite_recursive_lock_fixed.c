/* SQLite: a home-made recursive lock, fixed: whoever enters gives the notes' lock back before it waits for
 * the main lock. It may look at the notes once it is in.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: SQLite ticket 1672
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, READ };

static pthread_mutex_t main_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t owner; /* under notes_lock */
static int depth;       /* under notes_lock */
static int pages;       /* under the recursive lock */

static void enter(void) {
    pthread_mutex_lock(&notes_lock);
    bool inside = depth > 0 && pthread_equal(owner, pthread_self());
    if (!inside) {
        pthread_mutex_unlock(&notes_lock);
        pthread_mutex_lock(&main_lock);
        pthread_mutex_lock(&notes_lock);
        owner = pthread_self();
    }
    depth++;
    pthread_mutex_unlock(&notes_lock);
}

static void leave(void) {
    pthread_mutex_lock(&notes_lock);
    if (--depth == 0)
        pthread_mutex_unlock(&main_lock);
    pthread_mutex_unlock(&notes_lock);
}

static void *read_page(void *unused) {
    schedule_wait(BOTH_EXIST);
    enter();
    pages++;
    leave();
    schedule_reach(READ);
    return unused;
}

static void *read_pages(void *unused) {
    schedule_wait(READ);
    enter();
    enter();
    pages += 2;
    leave();
    leave();
    return unused;
}

int main(void) {
    pthread_t first, second;
    pthread_create(&first, NULL, read_page, NULL);
    pthread_create(&second, NULL, read_pages, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    return pages == 3 ? 0 : 1;
}
