// libsystemd for Swift: sd-daemon(3) as it is, and the one call that Swift could not make safely itself.
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <sys/types.h>
#include <systemd/sd-daemon.h>

/// Takes NOTIFY_SOCKET out of the environment, keeping its value for csystemd_notify().
///
/// To be called before other threads exist. A second call finds the variable gone and changes nothing.
/// Returns 1 if there is a service manager to tell, 0 if not, -ENOMEM if memory ran out.
int csystemd_take_notify_socket(void);

/// sd_pid_notify(3) on the socket that csystemd_take_notify_socket() took; thread-safe.
///
/// Returns what sd_pid_notify() returns: > 0 sent, 0 nobody to tell, a negative errno otherwise.
int csystemd_notify(const char *state);

#endif
