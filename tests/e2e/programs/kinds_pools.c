/* Thread pools and futures: what a task waits for must not need the thread that it runs on. */
#define _GNU_SOURCE
#include "tests/e2e/programs/kinds.h"

enum { TASKS = 16 };

struct task {
    void (*act)(void);
    bool done;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, finished;
    struct task tasks[TASKS];
    int put, taken;
    bool closed;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .filled = PTHREAD_COND_INITIALIZER,
          .finished = PTHREAD_COND_INITIALIZER};

static pthread_mutex_t account = PTHREAD_MUTEX_INITIALIZER;
static struct actor *workers[TASKS];
static int workers_count;
static long balance;

static void work(void) {
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.taken == pool.put && !pool.closed)
            pthread_cond_wait(&pool.filled, &pool.lock); /* REPORTED: wants pool+0x28 */
        if (pool.taken == pool.put)
            break;
        struct task *task = &pool.tasks[pool.taken++];
        pthread_mutex_unlock(&pool.lock);
        task->act();
        pthread_mutex_lock(&pool.lock);
        task->done = true;
        pthread_cond_broadcast(&pool.finished);
    }
    pthread_mutex_unlock(&pool.lock);
}

static void open_pool(int threads) {
    while (workers_count < threads)
        workers[workers_count++] = start(work);
}

static void close_pool(void) {
    pthread_mutex_lock(&pool.lock);
    pool.closed = true;
    pthread_cond_broadcast(&pool.filled);
    pthread_mutex_unlock(&pool.lock);
    while (workers_count)
        finish(workers[--workers_count]);
}

static struct task *submit(void (*act)(void)) {
    pthread_mutex_lock(&pool.lock);
    struct task *task = &pool.tasks[pool.put++];
    task->act = act;
    pthread_cond_signal(&pool.filled);
    pthread_mutex_unlock(&pool.lock);
    return task;
}

static void wait_for(struct task *task) {
    pthread_mutex_lock(&pool.lock);
    while (!task->done)
        pthread_cond_wait(&pool.finished, &pool.lock); /* REPORTED: wants pool+0x58 */
    pthread_mutex_unlock(&pool.lock);
}

static void deposit(void) {
    pthread_mutex_lock(&account); /* REPORTED: wants account */
    balance++;
    pthread_mutex_unlock(&account);
}

static void deposit_in_another_task(void) {
    wait_for(submit(deposit));
}

/* ---- a task waits for another ---- */

/* The only thread waits for what only it could do. */
static void task_waits_for_task(void) {
    open_pool(1);
    wait_for(submit(deposit_in_another_task));
}

static int meeting_tasks;

static void deposit_when_all_are_here(void) {
    __atomic_fetch_add(&meeting_tasks, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&meeting_tasks, __ATOMIC_RELAXED) < 2)
        sched_yield();
    deposit_in_another_task();
}

/* Two threads, and both are taken by tasks that wait. */
static void tasks_wait_for_tasks(void) {
    open_pool(2);
    submit(deposit_when_all_are_here);
    wait_for(submit(deposit_when_all_are_here));
}

/* With a thread to spare it goes well. */
static void task_waits_with_a_thread_to_spare(void) {
    open_pool(3);
    struct task *other = submit(deposit_when_all_are_here);
    wait_for(submit(deposit_when_all_are_here));
    wait_for(other);
    close_pool();
    printf("%ld\n", balance);
}

/* ---- a future is waited for with a lock held ---- */

static void wait_with_account_held(void) {
    pthread_mutex_lock(&account); /* REPORTED: holds account */
    wait_for(submit(deposit));
}

static void future_with_lock_held(void) {
    open_pool(1);
    wait_with_account_held();
}

static void future_without_lock_held(void) {
    open_pool(1);
    struct task *task = submit(deposit);
    deposit();
    wait_for(task);
    close_pool();
    printf("%ld\n", balance);
}

static void many_tasks(void) {
    open_pool(4);
    struct task *tasks[TASKS];
    for (int i = 0; i < TASKS; i++)
        tasks[i] = submit(deposit);
    for (int i = 0; i < TASKS; i++)
        wait_for(tasks[i]);
    close_pool();
    printf("%ld\n", balance);
}

static const struct scenario scenarios[] = {
    {"task_waits_for_task", task_waits_for_task},
    {"tasks_wait_for_tasks", tasks_wait_for_tasks},
    {"task_waits_with_a_thread_to_spare", task_waits_with_a_thread_to_spare},
    {"future_with_lock_held", future_with_lock_held},
    {"future_without_lock_held", future_without_lock_held},
    {"many_tasks", many_tasks},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
