/* A recursive lock on the way back, fixed: both take the screen first. Inside, with the font locked, it is
 * taken again, but who has a recursive lock does not wait for it. That looks like both orders, and is one.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, REDRAWN };

static pthread_mutex_t screen_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t font_lock = PTHREAD_MUTEX_INITIALIZER;
static int drawn;

static void draw_text(void) {
    pthread_mutex_lock(&font_lock);
    pthread_mutex_lock(&screen_lock);
    drawn++;
    pthread_mutex_unlock(&screen_lock);
    pthread_mutex_unlock(&font_lock);
}

static void draw_window(void) {
    pthread_mutex_lock(&screen_lock);
    draw_text();
    pthread_mutex_unlock(&screen_lock);
}

static void *redraw(void *unused) {
    schedule_wait(BOTH_EXIST);
    draw_window();
    schedule_reach(REDRAWN);
    return unused;
}

static void *load_font(void *unused) {
    schedule_wait(REDRAWN);
    draw_window();
    return unused;
}

int main(void) {
    pthread_t redrawer, loader;
    pthread_create(&redrawer, NULL, redraw, NULL);
    pthread_create(&loader, NULL, load_font, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(redrawer, NULL);
    pthread_join(loader, NULL);
    return drawn == 2 ? 0 : 1;
}
