#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>

int cprocess_accept(int listener) {
    int descriptor = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int cprocess_waker(int *reader, int *writer) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) return -errno;
    *reader = *writer = descriptor;
    return 0;
}

int cprocess_socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0 ? -errno : 0;
}

#else

static int set_flags(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

int cprocess_accept(int listener) {
    int descriptor = accept(listener, 0, 0);
    if (descriptor < 0) return -errno;
    int result = set_flags(descriptor);
    if (result == 0) return descriptor;
    close(descriptor);
    return result;
}

static int set_flags_of_both(const int ends[2]) {
    int result = set_flags(ends[0]);
    if (result == 0) result = set_flags(ends[1]);
    if (result == 0) return 0;
    close(ends[0]);
    close(ends[1]);
    return result;
}

int cprocess_socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ? -errno : set_flags_of_both(ends);
}

int cprocess_waker(int *reader, int *writer) {
    int ends[2];
    if (pipe(ends) < 0) return -errno;
    int result = set_flags_of_both(ends);
    if (result < 0) return result;
    *reader = ends[0];
    *writer = ends[1];
    return 0;
}

#endif

int cprocess_unsent(int socket) {
    int count = 0;
    return ioctl(socket, TIOCOUTQ, &count) < 0 ? -errno : count;
}

int cprocess_waited(int socket) {
#ifdef __linux__
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
    return info.tcpi_last_ack_recv > INT_MAX ? INT_MAX : (int)info.tcpi_last_ack_recv;
#else
    (void)socket;
    return -ENOTSUP;
#endif
}

int cprocess_unread(int socket) {
    int count = 0;
    return ioctl(socket, FIONREAD, &count) < 0 ? -errno : count;
}
