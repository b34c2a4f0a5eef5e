// What remains when a manager was killed: nobody but PID 1 would know its workers, and they would keep the port.
#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>

#ifdef __linux__

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// More than a manager has generations.
enum { most = 256 };

struct message {
    pid_t pid;
    int is_watched;
};

struct watched {
    pid_t pid;
    int descriptor;
};

static unsigned watch(struct watched *processes, unsigned count, struct message message) {
    for (unsigned index = 0; index < count; index++) {
        if (processes[index].pid != message.pid) continue;
        if (message.is_watched) return count;
        close(processes[index].descriptor);
        processes[index] = processes[count - 1];
        return count - 1;
    }
    if (!message.is_watched || count == most) return count;
    int descriptor = cprocess_watch(message.pid);
    if (descriptor < 0) return count;
    processes[count] = (struct watched){.pid = message.pid, .descriptor = descriptor};
    return count + 1;
}

// What prctl(2) says of PR_SET_PDEATHSIG: the kernel forgets it where a process changes these, or gets more of the last.
struct credentials {
    unsigned users[4], groups[4];
    unsigned long long capabilities;
};

static bool read_credentials(const char *process, struct credentials *credentials) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%s/status", process);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    ssize_t size = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    text[size > 0 ? size : 0] = 0;
    unsigned *users = credentials->users, *groups = credentials->groups;
    const char *line = strstr(text, "\nUid:");
    if (!line || sscanf(line, "\nUid: %u %u %u %u", &users[0], &users[1], &users[2], &users[3]) != 4) return false;
    line = strstr(text, "\nGid:");
    if (!line || sscanf(line, "\nGid: %u %u %u %u", &groups[0], &groups[1], &groups[2], &groups[3]) != 4) return false;
    line = strstr(text, "\nCapPrm:");
    return line && sscanf(line, "\nCapPrm: %llx", &credentials->capabilities) == 1;
}

// Whether the kernel has told it to end. Where that cannot be known it is told once too often.
static bool is_told_by_kernel(pid_t pid, const struct credentials *own) {
    char name[16];
    snprintf(name, sizeof name, "%d", pid);
    struct credentials its;
    return read_credentials(name, &its) && memcmp(its.users, own->users, sizeof its.users) == 0 &&
           memcmp(its.groups, own->groups, sizeof its.groups) == 0 && (its.capabilities & ~own->capabilities) == 0;
}

static void tell_all(const struct watched *processes, unsigned count, int number) {
    struct credentials own;
    bool is_known = read_credentials("self", &own);
    for (unsigned index = 0; index < count; index++) {
        if (is_known && is_told_by_kernel(processes[index].pid, &own)) continue;
        syscall(SYS_pidfd_send_signal, processes[index].descriptor, number, 0, 0);
    }
}

static void signal_all(const struct watched *processes, unsigned count, int number) {
    for (unsigned index = 0; index < count; index++)
        syscall(SYS_pidfd_send_signal, processes[index].descriptor, number, 0, 0);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

// Returns how many are left after so long.
static unsigned wait_for_all(struct watched *processes, unsigned count, int milliseconds) {
    long long end = now() + milliseconds;
    while (count > 0) {
        struct pollfd entries[most];
        for (unsigned index = 0; index < count; index++)
            entries[index] = (struct pollfd){.fd = processes[index].descriptor, .events = POLLIN};
        long long left = end - now();
        if (milliseconds >= 0 && left <= 0) break;
        int ready = poll(entries, count, milliseconds < 0 ? -1 : (int)left);
        if (ready < 0 && errno != EINTR) break;
        for (unsigned index = count; ready > 0 && index-- > 0;) {
            if (entries[index].revents == 0) continue;
            close(processes[index].descriptor);
            processes[index] = processes[--count];
        }
    }
    return count;
}

static _Noreturn void keep(int pipe, int end, int milliseconds) {
    prctl(PR_SET_NAME, "baton-warden");
    // What ends the manager must not end this, and nothing of the manager's may stay open here.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    if (dup2(pipe, 3) < 0) _exit(1);
    if (syscall(SYS_close_range, 4, ~0U, 0) != 0) {
        // Before Linux 5.9, or where a filter does not know it. With its own end to write to, it would never see the other one's end.
        long limit = sysconf(_SC_OPEN_MAX);
        if (limit < 0 || limit > 1 << 20) limit = 1 << 20;
        for (int descriptor = 4; descriptor < limit; descriptor++) close(descriptor);
    }
    for (int standard = 0; standard < 3; standard++) close(standard);

    struct watched processes[most];
    unsigned count = 0;
    struct message message;
    for (;;) {
        ssize_t size = read(3, &message, sizeof message);
        if (size == sizeof message) count = watch(processes, count, message);
        else if (size >= 0 || errno != EINTR) break;
    }
    tell_all(processes, count, end);
    count = wait_for_all(processes, count, milliseconds);
    signal_all(processes, count, SIGKILL);
    _exit(0);
}

int cprocess_warden(int end, int milliseconds, pid_t *pid) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    *pid = fork();
    if (*pid == 0) keep(ends[0], end, milliseconds);
    int failure = *pid < 0 ? -errno : 0;
    close(ends[0]);
    if (failure == 0) return ends[1];
    close(ends[1]);
    return failure;
}

void cprocess_tell_warden(int warden, pid_t pid, bool is_watched) {
    struct message message = {.pid = pid, .is_watched = is_watched};
    while (write(warden, &message, sizeof message) < 0 && errno == EINTR) {}
}

#else

int cprocess_warden(int end, int milliseconds, pid_t *pid) {
    (void)end, (void)milliseconds, (void)pid;
    return -ENOTSUP;
}

void cprocess_tell_warden(int warden, pid_t pid, bool is_watched) { (void)warden, (void)pid, (void)is_watched; }

#endif
