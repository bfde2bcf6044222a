// annotations_cpp CASE: include/gordian.h in C++, with the locks of its library.
#include <gordian.h>

#include <cstring>
#include <mutex>
#include <shared_mutex>

namespace {

std::mutex mutex;
std::shared_mutex shared;
std::recursive_mutex recursive;

void wrong() {
    GORDIAN_NAME_LOCK(&mutex, "accounts");
    GORDIAN_ASSERT_HELD(&mutex); /* ASSERTED */
}

void right() {
    GORDIAN_NAME_LOCK(&mutex, "accounts");
    GORDIAN_ASSERT_NONE_HELD();
    std::scoped_lock lock(mutex, recursive);
    std::shared_lock reader(shared);
    GORDIAN_ASSERT_HELD(&mutex), GORDIAN_ASSERT_HELD(&recursive), GORDIAN_ASSERT_HELD(&shared);
    reader.unlock();
    GORDIAN_ASSERT_NOT_HELD(&shared);
    GORDIAN_GATE_ENTER(&wrong == nullptr ? nullptr : static_cast<void *>(&mutex));
    GORDIAN_GATE_LEAVE(&mutex);
    GORDIAN_EPOCH_RESET();
}

} // namespace

int main(int argc, char **argv) {
    argc == 2 && std::strcmp(argv[1], "wrong") == 0 ? wrong() : right();
}
