#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int cprocess_accept(int listener) {
    int descriptor = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int cprocess_eventfd(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int cprocess_unread(int socket) {
    int count = 0;
    return ioctl(socket, FIONREAD, &count) < 0 ? -errno : count;
}

void cprocess_name_thread(const char *name) {
    pthread_setname_np(pthread_self(), name);
}
