// sd_notify(3) reads NOTIFY_SOCKET from the environment at each call, while children must not inherit it and
// setenv(3) is not safe once there are threads. putenv(3) makes a string of ours *part* of the environment
// ("altering the string changes the environment"), so the variable is hidden by its first byte, without touching
// environ: an empty string, which getenv(3) never matches, except during the call itself.
#include "CSystemd.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char variable[] = "NOTIFY_SOCKET";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *entry;

int csystemd_take_notify_socket(void) {
    const char *value = getenv(variable);
    if (value == NULL)
        return 0;

    size_t length = sizeof variable + 1 + strlen(value);
    char *taken = malloc(length);
    if (taken == NULL)
        return -ENOMEM;
    memcpy(taken, variable, sizeof variable - 1);
    taken[sizeof variable - 1] = '=';
    memcpy(taken + sizeof variable, value, length - sizeof variable);

    if (putenv(taken) != 0) {
        free(taken);
        return -ENOMEM;
    }
    pthread_mutex_lock(&lock);
    // An earlier entry stays part of the environment, so it is never freed.
    entry = taken;
    __atomic_store_n(&entry[0], '\0', __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&lock);
    return 1;
}

int csystemd_notify(const char *state) {
    int result = 0;
    pthread_mutex_lock(&lock);
    if (entry != NULL) {
        __atomic_store_n(&entry[0], variable[0], __ATOMIC_SEQ_CST);
        result = sd_pid_notify(0, /* unset_environment */ 0, state);
        __atomic_store_n(&entry[0], '\0', __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&lock);
    return result;
}
