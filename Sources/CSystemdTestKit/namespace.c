#define _GNU_SOURCE
#include "CSystemdTestKit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#include <stdlib.h>

ssize_t testkit_send(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_NOSIGNAL);
}

int testkit_socket(int network_namespace, int domain, int type) {
    type |= SOCK_CLOEXEC;
    if (network_namespace < 0)
        return socket(domain, type, 0);
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0)
        return -1;
    int descriptor = -1;
    int failure = 0;
    if (setns(network_namespace, CLONE_NEWNET) == 0) {
        descriptor = socket(domain, type, 0);
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

#else

ssize_t testkit_send(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, 0);
}

int testkit_socket(int network_namespace, int domain, int type) {
    if (network_namespace >= 0) {
        errno = ENOTSUP;
        return -1;
    }
    int descriptor = socket(domain, type, 0);
    int on = 1;
    if (descriptor >= 0) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    }
    return descriptor;
}

#endif
