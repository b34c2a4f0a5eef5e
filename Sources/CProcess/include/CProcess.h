// What Swift's C library overlays do not offer, or not everywhere alike: system calls with flags of their own, and threads.
#ifndef CPROCESS_H
#define CPROCESS_H

#include <stddef.h>
#include <sys/socket.h>

/// Accepts a connection that is close-on-exec and non-blocking; the peer's address is not asked for. accept4(2) on Linux,
/// accept(2) and fcntl(2) elsewhere, where a child that is started at that very moment may inherit it.
///
/// Returns the connection's descriptor, which the caller closes, or a negative errno.
int cprocess_accept(int listener);

/// Makes what wakes a thread that sleeps in poll(2): an eventfd(2) on Linux, whose one descriptor is both ends, a pipe
/// elsewhere. Both are close-on-exec and non-blocking.
///
/// @param reader  What to poll and to read; the caller closes it.
/// @param writer  Where to write 8 bytes; the caller closes it, unless it is the reader.
/// Returns 0 or a negative errno.
int cprocess_waker(int *reader, int *writer);

/// How many bytes wait unread in a socket (FIONREAD), or a negative errno.
int cprocess_unread(int socket);

/// How many bytes of a stream socket the peer has not acknowledged (TIOCOUTQ), or a negative errno.
int cprocess_unsent(int socket);

/// recvmsg(2) of one datagram, without waiting, whatever the flags that all holders of the socket share.
///
/// @param sender  Where it came from; of a UNIX socket without an address, `length` is 0.
/// Returns the number of bytes, or a negative errno: -EMSGSIZE if the datagram was longer than `size`; then it is gone.
ptrdiff_t cprocess_receive(int socket, void *bytes, size_t size, struct sockaddr_storage *sender, socklen_t *length);

/// sendto(2) of one datagram, without waiting and without SIGPIPE. Returns 0 or a negative errno.
int cprocess_send(int socket, const void *bytes, size_t size, const struct sockaddr_storage *to, socklen_t length);

/// Runs `body` on a thread of its own, which nobody has to join.
///
/// @param name  For ps(1) and debuggers; 15 bytes at most count.
/// Returns 0, or the negative errno of pthread_create(3); then `body` is not called.
int cprocess_start_thread(const char *name, void (*body)(void *), void *argument);

#endif
