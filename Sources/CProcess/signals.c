#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/signalfd.h>

int cprocess_signals(const int *signals, unsigned count) {
    sigset_t set;
    sigemptyset(&set);
    for (unsigned index = 0; index < count; index++) sigaddset(&set, signals[index]);
    int failure = pthread_sigmask(SIG_BLOCK, &set, 0);
    if (failure != 0) return -failure;
    // One that is ignored, as nohup(1) has it ignored, would never come.
    for (unsigned index = 0; index < count; index++) signal(signals[index], SIG_DFL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int cprocess_next_signal(int descriptor) {
    struct signalfd_siginfo information;
    ssize_t size;
    do size = read(descriptor, &information, sizeof information);
    while (size < 0 && errno == EINTR);
    if (size == sizeof information) return (int)information.ssi_signo;
    return size < 0 && errno != EAGAIN ? -errno : 0;
}

#else

static int ends[2] = {-1, -1};

static void pass_on(int number) {
    int failure = errno;
    unsigned char byte = (unsigned char)number;
    // A pipe that is full wakes its reader as well.
    (void)!write(ends[1], &byte, 1);
    errno = failure;
}

int cprocess_signals(const int *signals, unsigned count) {
    if (pipe(ends) != 0) return -errno;
    for (int index = 0; index < 2; index++) {
        fcntl(ends[index], F_SETFD, FD_CLOEXEC);
        fcntl(ends[index], F_SETFL, O_NONBLOCK);
    }
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    for (unsigned index = 0; index < count; index++)
        if (sigaction(signals[index], &action, 0) != 0) return -errno;
    return ends[0];
}

int cprocess_next_signal(int descriptor) {
    unsigned char byte;
    ssize_t size;
    do size = read(descriptor, &byte, 1);
    while (size < 0 && errno == EINTR);
    if (size == 1) return byte;
    return size < 0 && errno != EAGAIN ? -errno : 0;
}

#endif
