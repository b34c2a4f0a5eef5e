// What Swift's C library overlays do not offer, or not everywhere alike: system calls with flags of their own, and threads.
#ifndef CPROCESS_H
#define CPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

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

/// Makes two connected stream sockets (socketpair(2)), close-on-exec and non-blocking. Returns 0 or a negative errno.
int cprocess_socket_pair(int ends[2]);

/// How many bytes wait unread in a socket (FIONREAD), or a negative errno.
int cprocess_unread(int socket);

/// How many bytes of a stream socket the peer has not acknowledged (TIOCOUTQ), or a negative errno.
int cprocess_unsent(int socket);

/// The nanoseconds of a clock of clock_gettime(3), or a negative errno.
long long cprocess_clock(int clock);

/// How many milliseconds ago the last segment has come on a TCP connection (tcpi_last_ack_recv of tcp(7)): of one that has just been
/// accepted, about how long it has waited for that. A negative errno where the kernel does not tell.
int cprocess_waited(int socket);

/// recvmsg(2) of one datagram, without waiting, whatever the flags that all holders of the socket share.
///
/// @param sender  Where it came from; of a UNIX socket without an address, `length` is 0.
/// Returns the number of bytes, or a negative errno: -EMSGSIZE if the datagram was longer than `size`; then it is gone.
ptrdiff_t cprocess_receive(int socket, void *bytes, size_t size, struct sockaddr_storage *sender, socklen_t *length);

/// sendto(2) of one datagram, without waiting and without SIGPIPE. Returns 0 or a negative errno.
int cprocess_send(int socket, const void *bytes, size_t size, const struct sockaddr_storage *to, socklen_t length);

/// The most descriptors in one message (SCM_MAX_FD).
enum { cprocess_most_descriptors = 253 };

/// Who sent a message, as the kernel says; all 0 where it does not (on Linux it does).
struct cprocess_sender {
    pid_t pid;
    uid_t uid;
};

/// Makes the kernel say of each message who sent it (SO_PASSCRED; on Linux only). Returns 0 or a negative errno.
int cprocess_ask_for_senders(int socket);

/// Who has sent the datagram that is the next to be received, without taking it, or what is attached to it. Returns 0 or a negative
/// errno: -EAGAIN if there is none.
int cprocess_next_sender(int socket, struct cprocess_sender *sender);

/// Throws the next datagram away, with what is attached to it: none of its descriptors becomes one of this process.
void cprocess_discard_message(int socket);

/// recvmsg(2) of one datagram with what is attached to it, without waiting.
///
/// @param descriptors  Room for cprocess_most_descriptors; they are close-on-exec, and the caller closes them.
/// @param truncated    Whether more was sent than there is room for.
/// Returns the number of bytes, or a negative errno.
ptrdiff_t cprocess_receive_message(int socket, void *bytes, size_t size, struct cprocess_sender *sender,
                                   int *descriptors, unsigned *count, bool *truncated);

/// Whether it is a stream socket that does not listen.
bool cprocess_is_connection(int socket);

/// Makes two connected sockets that keep messages apart (SOCK_SEQPACKET), close-on-exec and non-blocking. On Linux only. Returns 0
/// or a negative errno.
int cprocess_packet_pair(int ends[2]);

/// sendmsg(2) with descriptors attached, of which the message holds references of its own, without waiting and without SIGPIPE.
///
/// Returns 0 or a negative errno; then nothing has been sent: -EAGAIN if the queue is full, -ETOOMANYREFS if too many descriptors are
/// under way, -EMSGSIZE if the message is longer than any queue, -EPIPE if nobody holds the other end.
int cprocess_send_message(int socket, const void *bytes, size_t size, const int *descriptors, unsigned count);

/// Reads the beginning of the next message and leaves it where it is, with what is attached to it, without waiting.
///
/// Returns the number of bytes, 0 if no more will come, or a negative errno.
ptrdiff_t cprocess_peek(int socket, void *bytes, size_t size);

/// Whether two descriptors are the same open file, as PID 1 tells: kcmp(2), else fstat(2).
bool cprocess_same_file(int one, int other);

/// The process at the other end of a connected UNIX socket (SO_PEERCRED, getpeereid(3)). Returns 0 or a negative errno.
int cprocess_peer(int socket, struct cprocess_sender *peer);

/// Makes a descriptor from which signals are read: a signalfd(2) on Linux, elsewhere a pipe that handlers write to. From then
/// on they do nothing else, in this thread and those it starts. To be called once.
///
/// Returns the descriptor, close-on-exec and non-blocking, or a negative errno.
int cprocess_signals(const int *signals, unsigned count);

/// The next signal from such a descriptor; 0 if there is none, or a negative errno.
int cprocess_next_signal(int descriptor);

/// A program to be started: what cprocess_spawn() needs to know.
struct cprocess_program {
    /// Looked up in the PATH of `environment` if it has no slash, after entering `directory`: at each start anew.
    const char *path;
    /// Ends with NULL.
    char *const *arguments;
    /// Ends with NULL.
    char *const *environment;
    /// The names of variables whose value is the number of the new process; ends with NULL.
    const char *const *pid_variables;
    /// The working directory, or NULL for the caller's.
    const char *directory;
    /// What it gets: `sources[i]` as descriptor `targets[i]`. Of 0, 1 and 2 it has the caller's, if they are no target.
    const int *sources;
    const int *targets;
    unsigned count;
    /// The signal it gets when the thread that starts it ends (PR_SET_PDEATHSIG); 0 is none. On Linux only.
    int orphan_signal;
    /// Whether it is the first of a process group of its own: what a terminal sends to this process's group is not for it.
    bool own_group;
    /// Whether it is nobody's child: its parent is PID 1, or the next subreaper.
    bool detached;
};

/// fork(2) and execve(2): with all signals as after login, and no other descriptors than those it is given.
///
/// Safe to be called in a process with many threads.
///
/// @param pid     The new process.
/// @param result  From this descriptor cprocess_spawn_result() learns whether execve(2) has worked; the caller closes it.
/// Returns 0 or a negative errno; then nothing runs.
int cprocess_spawn(const struct cprocess_program *program, pid_t *pid, int *result);

/// What became of a started program.
enum cprocess_stage {
    /// It runs.
    cprocess_runs = 0,
    /// Not known yet: poll(2) the descriptor.
    cprocess_unknown,
    /// Its descriptors could not be put where they belong.
    cprocess_descriptors,
    /// Its working directory could not be entered.
    cprocess_directory,
    /// It could not be executed.
    cprocess_execute,
    /// Whoever started it has ended meanwhile.
    cprocess_orphaned,
};

/// Reads what became of it, without waiting.
///
/// @param failure  The errno, unless it runs.
enum cprocess_stage cprocess_spawn_result(int result, int *failure);

/// Goes on in the background: fork(2), setsid(2), fork(2), and standard input from /dev/null unless `keeps_input`. The process
/// that was started waits until the one that goes on closes `report`, writes what comes there to standard error, and ends with
/// the status that is its first byte. To be called before there are threads.
///
/// Returns 0 in the process that goes on, or a negative errno.
int cprocess_daemonize(bool keeps_input, int *report);

/// A process that ends others when this one is gone without having done so: what it is told goes through a pipe.
///
/// When this process has ended, it sends a signal to those it was told of that the kernel does not tell (PR_SET_PDEATHSIG, which it
/// forgets where a process changes its user) and, after so long, SIGKILL, and ends. On Linux only.
/// Returns the descriptor by which it is told, or a negative errno.
///
/// @param end           The signal.
/// @param milliseconds  How long those may take to end; negative is for ever.
/// @param pid           The new process, a child of this one.
int cprocess_warden(int end, int milliseconds, pid_t *pid);

/// Tells the warden of a process, or that it need not care for it any more.
void cprocess_tell_warden(int warden, pid_t pid, bool is_watched);

/// Unmaps what has been read of the program and its libraries, code and constants: what is needed again is mapped again when it is
/// touched, from the page cache. On Linux only.
void cprocess_forget_code(void);

/// memfd_create(2): memory that a service manager can keep. On Linux only. Returns a descriptor, close-on-exec, or a negative
/// errno.
int cprocess_memory(const char *name);

/// write(2) of one short line, if that is possible without waiting, whatever standard error is.
///
/// Returns 0, -EAGAIN if it is not, or a negative errno.
int cprocess_write_line(int descriptor, const void *bytes, size_t size);

/// Makes a descriptor that becomes readable when a process has ended, also one that is nobody's child (pidfd_open(2)).
///
/// Returns the descriptor, close-on-exec, which the caller closes, or a negative errno: -ESRCH if there is no such process,
/// -ENOSYS where the system has nothing like it.
int cprocess_watch(pid_t pid);

/// Sends a signal to the process that such a descriptor watches (pidfd_send_signal(2)), and to no other that has got its number
/// since. Returns 0 or a negative errno.
int cprocess_signal(int watched, int number);

/// A stream or packet socket that listens, as the kernel has it.
struct cprocess_listener {
    /// AF_INET, AF_INET6 or AF_UNIX.
    int family;
    /// Of 4 or 16 bytes; not that of a UNIX socket.
    unsigned char address[16];
    uint16_t port;
    /// That of a UNIX socket, ends with 0; empty if it has none, or an abstract one.
    char path[109];
    /// How many connections may wait.
    uint32_t limit;
};

/// Calls `body` with each TCP and UNIX socket that listens in this network namespace (sock_diag(7)). On Linux only.
///
/// Returns 0 or a negative errno.
int cprocess_listeners(void (*body)(const struct cprocess_listener *, void *), void *context);

/// The number by which `/proc/PID/fd` names the socket at the other end of a TCP connection within this network namespace
/// (sock_diag(7)). On Linux only.
///
/// @param local   The address of the connection's end that is known (getsockname(2)), of IPv4 or IPv6.
/// @param remote  That of the other (getpeername(2)), of the same family.
/// Returns 0 or a negative errno: -ENOENT if no process holds that end, or has not accepted it yet.
int cprocess_tcp_peer(const struct sockaddr *local, const struct sockaddr *remote, uint32_t *inode);

/// The environment of this process, which ends with NULL; to be read before other threads can change it.
char **cprocess_environment(void);

/// Runs `body` on a thread of its own, which nobody has to join.
///
/// @param name  For ps(1) and debuggers; 15 bytes at most count.
/// Returns 0, or the negative errno of pthread_create(3); then `body` is not called.
int cprocess_start_thread(const char *name, void (*body)(void *), void *argument);

#endif
