#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>

#ifdef __linux__
#include "sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

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

// What `each` calls, and with what.
struct caller {
    void (*body)(const struct cprocess_listener *, void *);
    void *context;
};

static void each(const struct nlmsghdr *message, void *context) {
    const struct caller *caller = context;
    struct cprocess_listener listener = {0};
    const unsigned char *family = NLMSG_DATA(message);
    if (*family == AF_UNIX) read_unix(message, &listener);
    else read_inet(message, &listener);
    caller->body(&listener, caller->context);
}

int cprocess_listeners(void (*body)(const struct cprocess_listener *, void *), void *context) {
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return -errno;
    struct caller caller = {body, context};
    int result = 0;
    const unsigned char families[] = {AF_INET, AF_INET6};
    for (unsigned index = 0; index < sizeof families && result == 0; index++) {
        struct inet_diag_req_v2 tcp = {
            .sdiag_family = families[index], .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << sock_diag_listening,
        };
        result = sock_diag_ask(netlink, &tcp, sizeof tcp, true, each, &caller);
    }
    struct unix_diag_req local = {
        .sdiag_family = AF_UNIX, .udiag_states = 1 << sock_diag_listening, .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN,
    };
    if (result == 0) result = sock_diag_ask(netlink, &local, sizeof local, true, each, &caller);
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
