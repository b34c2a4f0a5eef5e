// Questions about sockets to the kernel: sock_diag(7). For the files of this module only.
#ifndef CPROCESS_SOCK_DIAG_H
#define CPROCESS_SOCK_DIAG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

// The state of a TCP or UNIX socket that listens: in <netinet/tcp.h>, which does not go with the kernel's headers.
enum { sock_diag_listening = 10 };

// Asks, and calls `body` with each socket that the kernel answers with.
//
// `netlink` is a socket for NETLINK_SOCK_DIAG; `every` whether it is about all that match, and not about one.
// Returns 0 or a negative errno: -ENOENT if there is no such socket.
int sock_diag_ask(int netlink, const void *request, size_t size, bool every,
                  void (*body)(const struct nlmsghdr *, void *), void *context);

#endif
