#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct start {
    char name[16];
    void (*body)(void *);
    void *argument;
};

static void name_thread(const char *name) {
#if defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#elif defined(__APPLE__)
    pthread_setname_np(name);
#else
    (void)name;
#endif
}

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    name_thread(start.name);
    start.body(start.argument);
    return 0;
}

int cprocess_start_thread(const char *name, void (*body)(void *), void *argument) {
    struct start *start = calloc(1, sizeof *start);
    if (!start) return -ENOMEM;
    strncpy(start->name, name, sizeof start->name - 1);
    start->body = body;
    start->argument = argument;

    pthread_t thread;
    int result = pthread_create(&thread, 0, run, start);
    if (result != 0) {
        free(start);
        return -result;
    }
    pthread_detach(thread);
    return 0;
}
