#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

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
