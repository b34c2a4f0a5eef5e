#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>

#ifdef __linux__
#include "sock_diag.h"

#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

// Copies the address of either family, and returns the port, both as they are on the wire.
static in_port_t read_end(const struct sockaddr *end, __be32 address[4]) {
    if (end->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)end;
        memcpy(address, &six->sin6_addr, sizeof six->sin6_addr);
        return six->sin6_port;
    }
    const struct sockaddr_in *four = (const void *)end;
    memcpy(address, &four->sin_addr, sizeof four->sin_addr);
    return four->sin_port;
}

static void read_inode(const struct nlmsghdr *message, void *inode) {
    const struct inet_diag_msg *socket = NLMSG_DATA(message);
    // Where no connection has these addresses, the kernel answers with what listens there.
    if (socket->idiag_state != sock_diag_listening) *(uint32_t *)inode = socket->idiag_inode;
}

int cprocess_tcp_peer(const struct sockaddr *local, const struct sockaddr *remote, uint32_t *inode) {
    if (local->sa_family != remote->sa_family) return -EINVAL;
    if (local->sa_family != AF_INET && local->sa_family != AF_INET6) return -EAFNOSUPPORT;
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return -errno;
    struct inet_diag_req_v2 peer = {
        .sdiag_family = (unsigned char)local->sa_family,
        .sdiag_protocol = IPPROTO_TCP,
        .id.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE},
    };
    if (local->sa_family == AF_INET6) peer.id.idiag_if = ((const struct sockaddr_in6 *)(const void *)local)->sin6_scope_id;
    peer.id.idiag_sport = read_end(remote, peer.id.idiag_src);
    peer.id.idiag_dport = read_end(local, peer.id.idiag_dst);
    *inode = 0;
    int result = sock_diag_ask(netlink, &peer, sizeof peer, false, read_inode, inode);
    close(netlink);
    return result == 0 && *inode == 0 ? -ENOENT : result;
}

#else

int cprocess_tcp_peer(const struct sockaddr *local, const struct sockaddr *remote, uint32_t *inode) {
    (void)local;
    (void)remote;
    *inode = 0;
    return -ENOTSUP;
}

#endif
