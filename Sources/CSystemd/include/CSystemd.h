// libsystemd for Swift: sd-daemon(3), sd-journal(3), some of sd-bus(3), and the calls that Swift could not make safely
// itself.
//
// Without the package trait Libsystemd nothing here needs libsystemd or its headers, and every function that speaks to
// systemd does nothing and says so: there are no descriptors, nobody to tell, no watchdog, no journal.
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/// SD_LISTEN_FDS_START.
enum { CSYSTEMD_LISTEN_FDS_START = 3 };

/// Whether this was built with libsystemd.
int csystemd_is_built_in(void);

/// sd_listen_fds_with_names(3), clearing LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PIDFDID.
///
/// Returns the number of descriptors from CSYSTEMD_LISTEN_FDS_START on, all close-on-exec, or a negative errno. The names
/// and the array of them, if any, are the caller's to free(3).
int csystemd_listen_fds(char ***names);

/// sd_is_socket(3): whether a descriptor is a socket of this family, this type (0: any) and, unless `listening` is
/// negative, listens or does not. Works without libsystemd, too.
int csystemd_is_socket(int descriptor, int family, int type, int listening);

/// sd_is_fifo(3). Works without libsystemd, too.
int csystemd_is_fifo(int descriptor);

/// sd_is_mq(3).
int csystemd_is_message_queue(int descriptor);

/// sd_is_special(3): a regular file or a character device. Works without libsystemd, too.
int csystemd_is_special(int descriptor);

/// sd_watchdog_enabled(3), clearing WATCHDOG_USEC and WATCHDOG_PID.
///
/// Returns 1 and the timeout in microseconds, 0 if no watchdog is meant for this process, a negative errno otherwise.
int csystemd_watchdog(uint64_t *microseconds);

/// Takes NOTIFY_SOCKET out of the environment, so that no child inherits it.
///
/// To be called before other threads exist. Returns the address, which stays valid, or NULL if there is nobody to tell;
/// a second call returns the same.
const char *csystemd_take_notify_socket(void);

/// sd_pid_notify_with_fds(3) with a limit of time; thread-safe.
///
/// - address: A path, an abstract socket (@name), or what else csystemd_take_notify_socket() returned.
/// - pid: On whose behalf; 0 is this process. Another one takes privileges, and without them this fails with -EPERM.
/// - state: The assignments, one a line.
/// - descriptors: Sent along; they stay the caller's.
/// - milliseconds: How long to wait for room in the service manager's queue; then it fails with -ETIMEDOUT.
///
/// Returns 1 if it was sent, 0 if nobody was told because this was built without libsystemd, a negative errno otherwise.
int csystemd_notify(const char *address, pid_t pid, const char *state, const int *descriptors, unsigned count,
                    int milliseconds);

/// The inode of a process in pidfs, by which MAINPIDFDID= names it without a race (Linux 6.9).
///
/// Returns 0, or a negative errno: -ENOTSUP where the kernel has no pidfs, -ESRCH if there is no such process.
int csystemd_process_inode(pid_t pid, uint64_t *inode);

/// pipe2(2), close-on-exec: the end to read from and the end to write to, which the caller closes. Returns 0 or a negative errno.
int csystemd_pipe(int ends[2]);

/// sd_journal_sendv(3), without the location of this call: each element is NAME=value.
///
/// It waits as long as journald does not read. Returns 0, also if there is no journald at all, or a negative errno.
int csystemd_journal_send(const struct iovec *fields, int count);

/// A connection to the service manager, org.freedesktop.systemd1(5). Not thread-safe.
///
/// Functions that take one return 0 or a negative errno: -ETIMEDOUT when the time that was given to the connection is over,
/// -ENOTSUP without libsystemd. Strings that they return are the caller's to free(3).
struct csystemd_manager;

/// Connects to PID 1, as root to it directly, else over the message bus.
///
/// @param milliseconds  How long all calls on this connection may take together.
int csystemd_manager_connect(struct csystemd_manager **manager, int milliseconds);

void csystemd_manager_disconnect(struct csystemd_manager *manager);

/// What the manager answered to the last call, if that was an error: its name and its text. Valid until the next call.
const char *csystemd_manager_failure(const struct csystemd_manager *manager);

/// GetUnitByPID(): the D-Bus path of the unit that a process belongs to.
int csystemd_manager_unit(struct csystemd_manager *manager, pid_t pid, char **path);

/// A property of type s.
int csystemd_manager_text(struct csystemd_manager *manager, const char *path, const char *interface, const char *name,
                          char **value);

/// A property of type u or t.
int csystemd_manager_number(struct csystemd_manager *manager, const char *path, const char *interface,
                            const char *name, uint64_t *value);

/// The type of the job that runs or waits for a unit, as in `restart`; empty if there is none.
int csystemd_manager_job_type(struct csystemd_manager *manager, const char *path, char **type);

/// ListUnitsByPatterns(): how many units match a pattern as of fnmatch(3).
int csystemd_manager_count_units(struct csystemd_manager *manager, const char *pattern, unsigned *count);

/// A scope to be started.
struct csystemd_scope {
    /// With .scope.
    const char *name;
    const char *description;
    const char *slice;
    /// Microseconds.
    uint64_t runtime_max;
    uint64_t timeout_stop;
    /// The processes that are moved into it.
    const pid_t *pids;
    unsigned count;
    /// The D-Bus path of the service that lends it these properties, as far as it has them; ends with NULL.
    const char *unit;
    const char *const *copied;
};

/// StartTransientUnit(): fails with -EEXIST if there is a unit of that name already.
///
/// @param job  The D-Bus path of the job that starts it.
int csystemd_manager_start_scope(struct csystemd_manager *manager, const struct csystemd_scope *scope, char **job);

/// Waits until a job of csystemd_manager_start_scope() is over.
///
/// @param result  `done`, or why not.
int csystemd_manager_wait_for_job(struct csystemd_manager *manager, const char *job, char **result);

/// AttachProcessesToUnit() (238): moves processes into a scope.
int csystemd_manager_attach(struct csystemd_manager *manager, const char *unit, const pid_t *pids, unsigned count);

#endif
