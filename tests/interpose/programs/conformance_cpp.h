/* What the parts of the C++ conformance program share. */
#ifndef GORDIAN_TESTS_INTERPOSE_CONFORMANCE_CPP_H
#define GORDIAN_TESTS_INTERPOSE_CONFORMANCE_CPP_H

#include <cstdio>
#include <system_error>
#include <thread>

inline void tell(const char *what, long result) {
    std::printf("%s: %ld\n", what, result);
}

/* In a thread of its own, whose result it returns. */
template <typename Function> auto elsewhere(Function function) {
    decltype(function()) result;
    std::thread([&] { result = function(); }).join();
    return result;
}

/* The number of the error that the call throws, or 0. */
template <typename Function> int error_of(Function function) {
    try {
        function();
    } catch (const std::system_error &error) {
        return error.code().value();
    }
    return 0;
}

/* Take it and give it back. */
template <typename Lock> bool tries(Lock &lock) {
    if (!lock.try_lock())
        return false;
    lock.unlock();
    return true;
}

struct noted {
    const char *what;
    ~noted() {
        std::printf("unwound %s\n", what);
    }
};

/* The part that is in a file of its own: conditions, call_once, semaphores, latches, barriers, stop tokens.
 */
void conformance_cpp_waits();

#endif
