/* A reader that becomes a ring: std::shared_mutex in two orders, once for writing.
 *
 * Rendering reads the scene and then locks the cache. Editing locks the cache and then writes the scene: it
 * waits for the reader.
 *
 * EXPECT gordian: deadlock.potential scene_lock cache_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "cases/schedule.h"

enum { BOTH_EXIST, RENDERED };

static std::shared_mutex scene_lock;
static std::mutex cache_lock;
static int shapes = 3, cached;

static void render() {
    schedule_wait(BOTH_EXIST);
    {
        std::shared_lock<std::shared_mutex> reader(scene_lock); /* REPORTED */
        std::lock_guard<std::mutex> cache(cache_lock);          /* REPORTED */
        cached = shapes;
    }
    schedule_reach(RENDERED);
}

static void edit() {
    schedule_wait(RENDERED);
    std::lock_guard<std::mutex> cache(cache_lock);          /* REPORTED */
    std::unique_lock<std::shared_mutex> writer(scene_lock); /* REPORTED */
    cached -= shapes;
}

int main() {
    std::thread renderer(render);
    std::thread editor(edit);
    schedule_reach(BOTH_EXIST);
    renderer.join();
    editor.join();
    return cached;
}
