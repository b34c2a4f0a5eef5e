#ifdef __linux__

#define _GNU_SOURCE
#include "sock_diag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <sys/socket.h>

// Reads the answer to its end.
static int receive(int netlink, void (*body)(const struct nlmsghdr *, void *), void *context) {
    // What the kernel fills one message with; aligned as its header.
    union {
        struct nlmsghdr header;
        char bytes[32768];
    } buffer;
    while (true) {
        ssize_t size = recv(netlink, buffer.bytes, sizeof buffer.bytes, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return -errno;
        if (size == 0) return -EPROTO;
        unsigned left = (unsigned)size;
        for (struct nlmsghdr *message = &buffer.header; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_DONE) return 0;
            if (message->nlmsg_type == NLMSG_ERROR) {
                const struct nlmsgerr *failure = NLMSG_DATA(message);
                return failure->error < 0 ? failure->error : -EPROTO;
            }
            if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY) continue;
            body(message, context);
            if (!(message->nlmsg_flags & NLM_F_MULTI)) return 0;
        }
    }
}

int sock_diag_ask(int netlink, const void *request, size_t size, bool every,
                  void (*body)(const struct nlmsghdr *, void *), void *context) {
    struct nlmsghdr header = {
        .nlmsg_len = (uint32_t)(sizeof header + size),
        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
        .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (every ? NLM_F_DUMP : 0)),
    };
    struct iovec parts[] = {{&header, sizeof header}, {(void *)request, size}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct msghdr message = {
        .msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = parts, .msg_iovlen = 2,
    };
    if (sendmsg(netlink, &message, 0) < 0) return -errno;
    return receive(netlink, body, context);
}

#endif
