#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// Waits for the report of the process that goes on: a status, and what to say. None means that it has ended.
static _Noreturn void wait_for_report(int pipe) {
    unsigned char bytes[1024], status = 1;
    ssize_t size;
    int is_first = 1;
    for (;;) {
        size = read(pipe, bytes, sizeof bytes);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) _exit(status);
        if (is_first) status = bytes[0];
        (void)!write(STDERR_FILENO, bytes + is_first, (size_t)size - (size_t)is_first);
        is_first = 0;
    }
}

int cprocess_daemonize(bool keeps_input, int *report) {
    int ends[2];
    if (pipe(ends) != 0) return -errno;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child > 0) {
        close(ends[1]);
        wait_for_report(ends[0]);
    }
    close(ends[0]);
    if (setsid() < 0) return -errno;
    child = fork();
    if (child < 0) return -errno;
    if (child > 0) _exit(0);
    if (!keeps_input) {
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (nothing < 0) return -errno;
        if (dup2(nothing, STDIN_FILENO) < 0) return -errno;
        close(nothing);
    }
    *report = ends[1];
    return 0;
}

#ifdef __linux__
int cprocess_memory(const char *name) {
    int descriptor = memfd_create(name, MFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}
#else
int cprocess_memory(const char *name) {
    (void)name;
    return -ENOTSUP;
}
#endif

int cprocess_write_line(int descriptor, const void *bytes, size_t size) {
    ssize_t count;
    // A socket says by itself that it would wait.
    do count = send(descriptor, bytes, size, MSG_DONTWAIT
#ifdef MSG_NOSIGNAL
                        | MSG_NOSIGNAL
#endif
            );
    while (count < 0 && errno == EINTR);
    if (count >= 0) return 0;
    if (errno != ENOTSOCK) return -errno;
    // A pipe that is ready takes PIPE_BUF bytes without waiting; a file always does.
    struct pollfd room = {.fd = descriptor, .events = POLLOUT};
    if (poll(&room, 1, 0) != 1) return -EAGAIN;
    do count = write(descriptor, bytes, size < PIPE_BUF ? size : PIPE_BUF);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}
