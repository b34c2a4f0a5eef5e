// What Swift's C library overlays do not offer: namespaces, control messages, and a child with chosen descriptors.
#ifndef CSYSTEMDTESTKIT_H
#define CSYSTEMDTESTKIT_H

#include <stdbool.h>
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

/// The most descriptors in one message (SCM_MAX_FD).
enum { testkit_most_descriptors = 253 };

/// Makes the kernel say of each message who sent it (SO_PASSCRED; on Linux only). Returns 0 or a negative errno.
int testkit_ask_for_senders(int socket);

/// recvmsg(2) of one datagram, without waiting.
///
/// @param sender       The process that sent it, or 0 where the kernel does not say.
/// @param descriptors  Room for testkit_most_descriptors; they are close-on-exec, and the caller closes them.
/// @param truncated    Whether more was sent than there is room for.
/// Returns the number of bytes, or a negative errno.
ssize_t testkit_receive(int socket, void *bytes, size_t size, pid_t *sender, int *descriptors, unsigned *count,
                        bool *truncated);

/// Whether two descriptors are the same open file, as PID 1 tells: kcmp(2), else fstat(2).
bool testkit_same_file(int one, int other);

/// posix_spawn(3) with these descriptors, and no others, from 3 on; and with signals as after login.
///
/// Returns 0 or a negative errno.
int testkit_spawn(const char *program, char *const arguments[], char *const environment[], const int *descriptors,
                  unsigned count, pid_t *child);

#endif
