#define _GNU_SOURCE
#include "CSystemdTestKit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

enum { first_descriptor = 3 };

/// Duplicates them to where none of them is in the way of another one that has to go to 3, 4, ….
static int duplicate(const int *descriptors, unsigned count, int *duplicates) {
    for (unsigned index = 0; index < count; index++) {
        duplicates[index] = fcntl(descriptors[index], F_DUPFD_CLOEXEC, first_descriptor + (int)count);
        if (duplicates[index] < 0) {
            int failure = errno;
            while (index > 0)
                close(duplicates[--index]);
            return failure;
        }
    }
    return 0;
}

int testkit_spawn(const char *program, char *const arguments[], char *const environment[], const int *descriptors,
                  unsigned count, pid_t *child) {
    int *duplicates = calloc(count + 1, sizeof *duplicates);
    if (!duplicates)
        return -ENOMEM;
    int failure = duplicate(descriptors, count, duplicates);
    if (failure != 0) {
        free(duplicates);
        return -failure;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (unsigned index = 0; index < count && failure == 0; index++)
        failure = posix_spawn_file_actions_adddup2(&actions, duplicates[index], first_descriptor + (int)index);

    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
#if defined(__GLIBC__)
    if (failure == 0)
        failure = posix_spawn_file_actions_addclosefrom_np(&actions, first_descriptor + (int)count);
#elif defined(__APPLE__)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
    for (int standard = 0; standard < first_descriptor && failure == 0; standard++)
        failure = posix_spawn_file_actions_addinherit_np(&actions, standard);
#endif
    posix_spawnattr_setflags(&attributes, flags);
    if (failure == 0)
        failure = posix_spawn(child, program, &actions, &attributes, arguments, environment);

    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (unsigned index = 0; index < count; index++)
        close(duplicates[index]);
    free(duplicates);
    return -failure;
}
