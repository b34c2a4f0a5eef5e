#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

#ifdef __linux__
#include <linux/kcmp.h>
#include <sys/syscall.h>

int cprocess_ask_for_senders(int socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 ? 0 : -errno;
}

int cprocess_peer(int socket, struct cprocess_sender *peer) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -errno;
    *peer = (struct cprocess_sender){.pid = credentials.pid, .uid = credentials.uid};
    return 0;
}

#else

#define MSG_CMSG_CLOEXEC 0

int cprocess_ask_for_senders(int socket) {
    (void)socket;
    return 0;
}

int cprocess_peer(int socket, struct cprocess_sender *peer) {
    gid_t group;
    *peer = (struct cprocess_sender){0};
    return getpeereid(socket, &peer->uid, &group) == 0 ? 0 : -errno;
}

#endif

static void read_attachment(struct cmsghdr *header, struct cprocess_sender *sender, int *descriptors,
                            unsigned *count) {
    if (header->cmsg_level != SOL_SOCKET) return;
    if (header->cmsg_type == SCM_RIGHTS) {
        *count = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
    }
#ifdef __linux__
    if (header->cmsg_type == SCM_CREDENTIALS) {
        struct ucred credentials;
        memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
        *sender = (struct cprocess_sender){.pid = credentials.pid, .uid = credentials.uid};
    }
#else
    (void)sender;
#endif
}

ptrdiff_t cprocess_receive_message(int socket, void *bytes, size_t size, struct cprocess_sender *sender,
                                   int *descriptors, unsigned *count, bool *truncated) {
    struct iovec text = {.iov_base = bytes, .iov_len = size};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(cprocess_most_descriptors * sizeof(int)) + 256];
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *sender = (struct cprocess_sender){0};
    *count = 0;
    ssize_t length;
    do length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0) return -errno;
    *truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
        read_attachment(header, sender, descriptors, count);
#ifndef __linux__
    for (unsigned index = 0; index < *count; index++) fcntl(descriptors[index], F_SETFD, FD_CLOEXEC);
#endif
    return length;
}

int cprocess_next_sender(int socket, struct cprocess_sender *sender) {
    // Room for credentials only, which come first: descriptors of a stranger are not even opened here.
    char byte;
    struct iovec text = {.iov_base = &byte, .iov_len = 1};
#ifdef __linux__
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
#else
    _Alignas(struct cmsghdr) char control[1];
#endif
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *sender = (struct cprocess_sender){0};
    ssize_t length;
    do length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_PEEK | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0) return -errno;
#ifdef __linux__
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    unsigned count = 0;
    if (header && header->cmsg_type == SCM_CREDENTIALS) read_attachment(header, sender, 0, &count);
#endif
    return 0;
}

bool cprocess_is_connection(int socket) {
    int type = 0, listens = 1;
    socklen_t length = sizeof type;
    if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) return false;
    length = sizeof listens;
    return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && !listens;
}

int cprocess_packet_pair(int ends[2]) {
#ifdef __linux__
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0 ? -errno : 0;
#else
    (void)ends;
    return -EPROTONOSUPPORT;
#endif
}

int cprocess_send_message(int socket, const void *bytes, size_t size, const int *descriptors, unsigned count) {
    if (count > cprocess_most_descriptors) return -EINVAL;
    struct iovec text = {.iov_base = (void *)bytes, .iov_len = size};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(cprocess_most_descriptors * sizeof(int))] = {0};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    ssize_t length;
    do length = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (length < 0 && errno == EINTR);
    return length < 0 ? -errno : 0;
}

ptrdiff_t cprocess_peek(int socket, void *bytes, size_t size) {
    ssize_t length;
    do length = recv(socket, bytes, size, MSG_DONTWAIT | MSG_PEEK);
    while (length < 0 && errno == EINTR);
    return length < 0 ? -errno : length;
}

void cprocess_discard_message(int socket) {
    char byte;
    while (recv(socket, &byte, 1, MSG_DONTWAIT) < 0 && errno == EINTR) {}
}

bool cprocess_same_file(int one, int other) {
#ifdef __linux__
    long order = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, one, other);
    if (order >= 0) return order == 0;
#endif
    struct stat first, second;
    if (fstat(one, &first) != 0 || fstat(other, &second) != 0) return false;
    // The ends of a pipe have the same inode.
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
           (fcntl(one, F_GETFL) & O_ACCMODE) == (fcntl(other, F_GETFL) & O_ACCMODE);
}
