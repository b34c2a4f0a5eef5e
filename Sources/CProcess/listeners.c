#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>

#ifdef __linux__
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

// In <netinet/tcp.h>, which does not go with the kernel's headers.
enum { listening = 10 };

static void read_inet(const struct nlmsghdr *message, struct cprocess_listener *listener) {
    const struct inet_diag_msg *socket = NLMSG_DATA(message);
    listener->family = socket->idiag_family;
    listener->port = ntohs(socket->id.idiag_sport);
    memcpy(listener->address, socket->id.idiag_src, sizeof listener->address);
    // Of a socket that listens, this is the most that may wait.
    listener->limit = socket->idiag_wqueue;
}

static void read_unix(const struct nlmsghdr *message, struct cprocess_listener *listener) {
    const struct unix_diag_msg *socket = NLMSG_DATA(message);
    listener->family = AF_UNIX;
    int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *socket));
    for (const struct rtattr *part = (const void *)(socket + 1); RTA_OK(part, left); part = RTA_NEXT(part, left)) {
        size_t size = RTA_PAYLOAD(part);
        if (part->rta_type == UNIX_DIAG_NAME && size < sizeof listener->path) {
            memcpy(listener->path, RTA_DATA(part), size);
        } else if (part->rta_type == UNIX_DIAG_RQLEN && size >= sizeof(struct unix_diag_rqlen)) {
            listener->limit = ((const struct unix_diag_rqlen *)RTA_DATA(part))->udiag_wqueue;
        }
    }
}

// Reads the answer to its end.
static int receive(int netlink, void (*body)(const struct cprocess_listener *, void *), void *context) {
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
            struct cprocess_listener listener = {0};
            const unsigned char *family = NLMSG_DATA(message);
            if (*family == AF_UNIX) read_unix(message, &listener);
            else read_inet(message, &listener);
            body(&listener, context);
        }
    }
}

static int ask(int netlink, const void *request, size_t size,
               void (*body)(const struct cprocess_listener *, void *), void *context) {
    struct nlmsghdr header = {
        .nlmsg_len = (uint32_t)(sizeof header + size),
        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
    };
    struct iovec parts[] = {{&header, sizeof header}, {(void *)request, size}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct msghdr message = {
        .msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = parts, .msg_iovlen = 2,
    };
    if (sendmsg(netlink, &message, 0) < 0) return -errno;
    return receive(netlink, body, context);
}

int cprocess_listeners(void (*body)(const struct cprocess_listener *, void *), void *context) {
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return -errno;
    int result = 0;
    const unsigned char families[] = {AF_INET, AF_INET6};
    for (unsigned index = 0; index < sizeof families && result == 0; index++) {
        struct inet_diag_req_v2 tcp = {
            .sdiag_family = families[index], .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << listening,
        };
        result = ask(netlink, &tcp, sizeof tcp, body, context);
    }
    struct unix_diag_req local = {
        .sdiag_family = AF_UNIX, .udiag_states = 1 << listening, .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN,
    };
    if (result == 0) result = ask(netlink, &local, sizeof local, body, context);
    close(netlink);
    return result;
}

#else

int cprocess_listeners(void (*body)(const struct cprocess_listener *, void *), void *context) {
    (void)body;
    (void)context;
    return -ENOTSUP;
}

#endif
