// What Swift's C library overlays do not offer: namespaces, and a child with chosen descriptors.
#ifndef CSYSTEMDTESTKIT_H
#define CSYSTEMDTESTKIT_H

#include <sys/socket.h>
#include <sys/types.h>

/// Creates a socket that belongs to the network namespace open as `network_namespace`, or to the caller's own if that is
/// negative. Other namespaces are there on Linux only.
///
/// A socket stays in the namespace in which it was created, whichever thread uses it later; so the
/// calling thread enters the namespace only for the one call and returns to its own. Close-on-exec.
/// Returns the descriptor, which the caller closes, or -1 with errno. setns(2), socket(2).
int testkit_socket(int network_namespace, int domain, int type);

/// send(2) without SIGPIPE where the peer is gone.
ssize_t testkit_send(int socket, const void *bytes, size_t count);

/// posix_spawn(3) with these descriptors, and no others, from 3 on; and with signals as after login.
///
/// Returns 0 or a negative errno.
int testkit_spawn(const char *program, char *const arguments[], char *const environment[], const int *descriptors,
                  unsigned count, pid_t *child);

#endif
