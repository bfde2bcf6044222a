#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/e2e/programs/shapes.h"

/* The plug-ins lie beside the program. */
static void *open_plugin(const char *name) {
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    while (size > 0 && path[size - 1] != '/')
        size--;
    snprintf(path + size, sizeof path - (size_t)size, "%s", name);
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin) {
        puts(dlerror());
        exit(3);
    }
    return plugin;
}

static void call(void *plugin, const char *name) {
    void (*function)(void);
    *(void **)&function = dlsym(plugin, name);
    function();
}

static void *shared;

static void forth(void) {
    call(shared, "plugin_forth");
}

static void back(void) {
    call(shared, "plugin_back");
}

void shapes_run_plugin(const struct shape *shape) {
    struct shape inside = {.name = shape->name, .roles = {forth, back}};
    shared = open_plugin("libplugin_one.so");
    shapes_run_in_turns(&inside);
    dlclose(shared);
}

static void *first_address, *second_address;

static void load_and_go_forth(void) {
    void *plugin = open_plugin("libplugin_one.so");
    first_address = dlsym(plugin, "plugin_first");
    call(plugin, "plugin_forth");
    dlclose(plugin);
}

static void load_and_go_back(void) {
    void *plugin = open_plugin("libplugin_two.so");
    second_address = dlsym(plugin, "plugin_first");
    call(plugin, "plugin_back");
    dlclose(plugin);
}

void shapes_run_plugin_reloaded(const struct shape *shape) {
    struct shape each_its_own = {.name = shape->name, .roles = {load_and_go_forth, load_and_go_back}};
    shapes_run_in_turns(&each_its_own);
    puts(first_address == second_address ? "same address" : "other address");
}
