#define _GNU_SOURCE
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int machine_socket(int network_namespace, int domain, int type) {
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0)
        return -1;
    int descriptor = -1;
    int failure = 0;
    if (setns(network_namespace, CLONE_NEWNET) == 0) {
        descriptor = socket(domain, type | SOCK_CLOEXEC, 0);
        failure = errno;
        // A thread that can not come back would run other people's work in the wrong network.
        if (setns(home, CLONE_NEWNET) != 0)
            abort();
    } else {
        failure = errno;
    }
    close(home);
    errno = failure;
    return descriptor;
}
