/* A task waits for another task of its own pool, fixed: whoever waits for a task works on the queue
 * meanwhile, and waits only when there is nothing to do.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { TASKS = 2 };

struct task {
    void (*run)(void);
    bool done;
};

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t task_added = PTHREAD_COND_INITIALIZER;
static pthread_cond_t task_done = PTHREAD_COND_INITIALIZER;
static struct task queue[TASKS];
static int added, taken;
static int images, pages;

static struct task *submit(void (*run)(void)) {
    pthread_mutex_lock(&queue_lock);
    struct task *task = &queue[added++];
    task->run = run;
    pthread_cond_signal(&task_added);
    pthread_mutex_unlock(&queue_lock);
    return task;
}

/* Run the next task of the queue, if there is one. Expects queue_lock to be held. */
static bool run_next(void) {
    if (taken == added)
        return false;
    struct task *task = &queue[taken++];
    pthread_mutex_unlock(&queue_lock);
    task->run();
    pthread_mutex_lock(&queue_lock);
    task->done = true;
    pthread_cond_broadcast(&task_done);
    return true;
}

static void wait_for(const struct task *task) {
    pthread_mutex_lock(&queue_lock);
    while (!task->done)
        if (!run_next())
            pthread_cond_wait(&task_done, &queue_lock);
    pthread_mutex_unlock(&queue_lock);
}

static void load_image(void) {
    images++;
}

static void build_page(void) {
    wait_for(submit(load_image));
    pages++;
}

static void *work(void *unused) {
    pthread_mutex_lock(&queue_lock);
    while (taken < TASKS)
        if (!run_next())
            pthread_cond_wait(&task_added, &queue_lock);
    pthread_mutex_unlock(&queue_lock);
    return unused;
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    submit(build_page);
    pthread_join(worker, NULL);
    return pages == 1 && images == 1 ? 0 : 1;
}
