// sd_notify(3), in a way that children do not inherit the socket and no caller waits without a limit.
//
// sd_pid_notify_with_fds(3) sends on a blocking socket that it makes itself, so where the service manager does not read,
// its caller stands still for good. The protocol is one datagram, documented as stable, so to UNIX sockets it is sent
// here; to whatever else NOTIFY_SOCKET may name (vsock), libsystemd sends it.
#define _GNU_SOURCE
#include "CSystemd.h"

#include <errno.h>
#include <stddef.h>

#ifdef BATON_LIBSYSTEMD

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

static const char variable[] = "NOTIFY_SOCKET";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// "NOTIFY_SOCKET=address", and the address in it.
static char *entry;
static const char *taken;

static int is_unix(const char *address) { return address[0] == '/' || address[0] == '@'; }

const char *csystemd_take_notify_socket(void) {
    const char *value = getenv(variable);
    if (value == NULL)
        return taken;
    if (value[0] == '\0') {
        unsetenv(variable);
        return taken;
    }

    size_t length = sizeof variable + 1 + strlen(value);
    char *text = malloc(length);
    if (text == NULL)
        return taken;
    memcpy(text, variable, sizeof variable - 1);
    text[sizeof variable - 1] = '=';
    memcpy(text + sizeof variable, value, length - sizeof variable);

    pthread_mutex_lock(&lock);
    if (is_unix(text + sizeof variable)) {
        unsetenv(variable);
    } else {
        // libsystemd reads the variable at each call, and setenv(3) is not safe once there are threads. putenv(3) makes
        // this string *part* of the environment, so that its first byte hides it: an empty name, which getenv(3) never
        // matches, except during the call. It is never freed.
        putenv(text);
        __atomic_store_n(&text[0], '\0', __ATOMIC_SEQ_CST);
    }
    entry = text;
    taken = text + sizeof variable;
    pthread_mutex_unlock(&lock);
    return taken;
}

static int notify_by_libsystemd(pid_t pid, const char *state, const int *descriptors, unsigned count) {
    int result = -EAFNOSUPPORT;
    pthread_mutex_lock(&lock);
    if (entry != NULL && entry[0] == '\0') {
        __atomic_store_n(&entry[0], variable[0], __ATOMIC_SEQ_CST);
        result = sd_pid_notify_with_fds(pid, /* unset_environment */ 0, state, descriptors, count);
        __atomic_store_n(&entry[0], '\0', __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static long long milliseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// Waits until the peer's queue has room. A socket that is not connected would always seem to have it.
static int wait_for_room(int sender, long long deadline) {
    struct pollfd room = {.fd = sender, .events = POLLOUT};
    for (;;) {
        long long left = deadline - milliseconds_now();
        if (left <= 0)
            return -ETIMEDOUT;
        int ready = poll(&room, 1, (int)left);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

static int send_message(int sender, const struct msghdr *message, long long deadline) {
    for (;;) {
        if (sendmsg(sender, message, MSG_NOSIGNAL) >= 0)
            return 1;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return -errno;
        int result = wait_for_room(sender, deadline);
        if (result < 0)
            return result;
    }
}

static int notify_unix(const char *address, pid_t pid, const char *state, const int *descriptors, unsigned count,
                       int milliseconds) {
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    size_t length = strlen(address);
    if (length > sizeof peer.sun_path - (address[0] == '/'))
        return -ENAMETOOLONG;
    memcpy(peer.sun_path, address, length);
    if (address[0] == '@')
        peer.sun_path[0] = '\0';
    else
        length += 1;

    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 253) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec text = {.iov_base = (void *)state, .iov_len = strlen(state)};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    int is_for_other = pid != 0 && pid != getpid();
    if (count > 253)
        return -E2BIG;
    if (count > 0 || is_for_other) {
        message.msg_control = &control;
        message.msg_controllen = (count > 0 ? CMSG_SPACE(sizeof(int) * count) : 0) +
                                 (is_for_other ? CMSG_SPACE(sizeof(struct ucred)) : 0);
        memset(&control, 0, message.msg_controllen);
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        if (count > 0) {
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(sizeof(int) * count);
            memcpy(CMSG_DATA(part), descriptors, sizeof(int) * count);
            part = CMSG_NXTHDR(&message, part);
        }
        if (is_for_other) {
            struct ucred credentials = {.pid = pid, .uid = getuid(), .gid = getgid()};
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_CREDENTIALS;
            part->cmsg_len = CMSG_LEN(sizeof credentials);
            memcpy(CMSG_DATA(part), &credentials, sizeof credentials);
        }
    }

    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sender < 0)
        return -errno;
    int result;
    if (connect(sender, (struct sockaddr *)&peer, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0)
        result = -errno;
    else
        result = send_message(sender, &message, milliseconds_now() + milliseconds);
    close(sender);
    return result;
}

int csystemd_notify(const char *address, pid_t pid, const char *state, const int *descriptors, unsigned count,
                    int milliseconds) {
    return is_unix(address) ? notify_unix(address, pid, state, descriptors, count, milliseconds)
                            : notify_by_libsystemd(pid, state, descriptors, count);
}

#else

const char *csystemd_take_notify_socket(void) { return NULL; }

int csystemd_notify(const char *address, pid_t pid, const char *state, const int *descriptors, unsigned count,
                    int milliseconds) {
    (void)address, (void)pid, (void)state, (void)descriptors, (void)count, (void)milliseconds;
    return 0;
}

#endif
