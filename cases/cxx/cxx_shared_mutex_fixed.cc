/* A ring of a reader, fixed: the editor's thread only looks at the scene, with std::shared_lock. The two
 * orders are still there, but readers do not wait for readers. ThreadSanitizer cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
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
        std::shared_lock<std::shared_mutex> reader(scene_lock);
        std::lock_guard<std::mutex> cache(cache_lock);
        cached = shapes;
    }
    schedule_reach(RENDERED);
}

static void edit() {
    schedule_wait(RENDERED);
    std::lock_guard<std::mutex> cache(cache_lock);
    std::shared_lock<std::shared_mutex> reader(scene_lock);
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
