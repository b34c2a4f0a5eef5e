#define _GNU_SOURCE
#include "CSystemdTestKit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/kcmp.h>
#include <sys/syscall.h>

int testkit_ask_for_senders(int socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 ? 0 : -errno;
}
#else
int testkit_ask_for_senders(int socket) {
    (void)socket;
    return 0;
}
#define MSG_CMSG_CLOEXEC 0
#endif

ssize_t testkit_receive(int socket, void *bytes, size_t size, pid_t *sender, int *descriptors, unsigned *count,
                        bool *truncated) {
    struct iovec text = {.iov_base = bytes, .iov_len = size};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(testkit_most_descriptors * sizeof(int)) + 256];
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *sender = 0;
    *count = 0;
    ssize_t length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0)
        return -errno;
    *truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET)
            continue;
        if (header->cmsg_type == SCM_RIGHTS) {
            *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
        }
#ifdef __linux__
        if (header->cmsg_type == SCM_CREDENTIALS) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
            *sender = credentials.pid;
        }
#endif
    }
#ifndef __linux__
    for (unsigned index = 0; index < *count; index++)
        fcntl(descriptors[index], F_SETFD, FD_CLOEXEC);
#endif
    return length;
}

bool testkit_same_file(int one, int other) {
#ifdef __linux__
    long order = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, one, other);
    if (order >= 0)
        return order == 0;
#endif
    struct stat first, second;
    if (fstat(one, &first) != 0 || fstat(other, &second) != 0)
        return false;
    // The ends of a pipe have the same inode.
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
           (fcntl(one, F_GETFL) & O_ACCMODE) == (fcntl(other, F_GETFL) & O_ACCMODE);
}
