#ifndef MACHINE_NAMESPACE_H
#define MACHINE_NAMESPACE_H

/// Creates a socket that belongs to the network namespace open as `network_namespace`.
///
/// A socket stays in the namespace in which it was created, whichever thread uses it later; so the
/// calling thread enters the namespace only for the one call and returns to its own. Close-on-exec.
/// Returns the descriptor, which the caller closes, or -1 with errno. setns(2), socket(2).
int machine_socket(int network_namespace, int domain, int type);

#endif
