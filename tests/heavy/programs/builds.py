"""Builds: many short processes, each with a recording of its own. make with gcc, and CMake with Ninja and g++."""

from tests.heavy.harness import Program, digest

MODULES = 60

C_MODULE = """
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int total;
int add%(n)d(int value) {
    pthread_mutex_lock(&lock);
    total += value * %(n)d;
    int now = total;
    pthread_mutex_unlock(&lock);
    return now;
}
"""

C_MAIN = """
#include <stdio.h>
%(declarations)s
int main(void) {
    long total = 0;
    for (int i = 0; i < 1000; i++) total += %(calls)s;
    printf("%%ld\\n", total);
    return 0;
}
"""

MAKEFILE = """
OBJECTS := $(patsubst %.c,%.o,$(sort $(wildcard *.c)))
program: $(OBJECTS)
\tgcc -pthread -o $@ $^
%.o: %.c
\tgcc -O2 -Wall -c -o $@ $<
"""

CPP_MODULE = """
#include <map>
#include <mutex>
#include <string>
#include <vector>
static std::mutex lock;
static std::map<std::string, std::vector<int>> values;
int add%(n)d(int value) {
    std::lock_guard<std::mutex> guard(lock);
    auto &list = values[std::to_string(value %% 7)];
    list.push_back(value * %(n)d);
    return static_cast<int>(list.size());
}
"""

CMAKE = """
cmake_minimum_required(VERSION 3.18)
project(heavy CXX)
find_package(Threads REQUIRED)
file(GLOB sources CONFIGURE_DEPENDS *.cc)
add_executable(program ${sources})
target_link_libraries(program Threads::Threads)
"""


def write_main(place, name, modules):
    place.write(name, C_MAIN % {"declarations": "\n".join(f"int add{n}(int value);" for n in range(modules)),
                                "calls": " + ".join(f"add{n}(i)" for n in range(modules))})


def write_c(place):
    for n in range(MODULES):
        place.write(f"module{n}.c", C_MODULE % {"n": n})
    write_main(place, "main.c", MODULES)
    place.write("Makefile", MAKEFILE)


def drive_make(run):
    run.client(["sh", "-c", 'cp "$1"/* "$2"', "sh", run.shared, run.folder])
    run.execute(["make", "-s", "-j2"])
    return run.execute([run.path("program")]).decode(), digest(*(run.path(f"module{n}.o") for n in range(MODULES)))


def write_cpp(place):
    for n in range(6):
        place.write(f"module{n}.cc", CPP_MODULE % {"n": n})
    write_main(place, "main.cc", 6)
    place.write("CMakeLists.txt", CMAKE)


def drive_cmake(run):
    run.execute(["cmake", "-G", "Ninja", "-S", run.shared, "-B", run.path("build")])
    run.execute(["ninja", "-j2", "-C", run.path("build")])
    again = run.execute(["ninja", "-j2", "-C", run.path("build")])
    return run.execute([run.path("build/program")]).decode(), b"no work to do" in again


PROGRAMS = [
    Program("make", drive_make, ["make", "--version"], write_c),
    Program("cmake-ninja", drive_cmake, ["cmake", "--version"], write_cpp),
]
