#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <sys/uio.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

ptrdiff_t cprocess_receive(int socket, void *bytes, size_t size, struct sockaddr_storage *sender, socklen_t *length) {
    struct iovec piece = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_name = sender, .msg_namelen = sizeof *sender, .msg_iov = &piece, .msg_iovlen = 1};
    ssize_t count;
    do count = recvmsg(socket, &message, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    *length = message.msg_namelen;
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : count;
}

int cprocess_send(int socket, const void *bytes, size_t size, const struct sockaddr_storage *to, socklen_t length) {
    ssize_t count;
    do count = sendto(socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)to, length);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}
