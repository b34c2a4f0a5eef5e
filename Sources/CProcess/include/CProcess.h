// What Swift's C library overlay does not offer: system calls of Linux, and those with flags of its own.
#ifndef CPROCESS_H
#define CPROCESS_H

/// accept4(2) with SOCK_CLOEXEC and SOCK_NONBLOCK; the peer's address is not asked for.
///
/// Returns the connection's descriptor, which the caller closes, or a negative errno.
int cprocess_accept(int listener);

/// eventfd(2) with EFD_CLOEXEC and EFD_NONBLOCK, for waking a thread that sleeps in poll(2).
///
/// Returns a descriptor, which the caller closes, or a negative errno.
int cprocess_eventfd(void);

/// How many bytes wait unread in a socket (FIONREAD), or a negative errno.
int cprocess_unread(int socket);

/// Names the calling thread (pthread_setname_np), for ps(1) and debuggers; 15 bytes at most.
void cprocess_name_thread(const char *name);

#endif
