// fork(2) and execve(2), for what posix_spawn(3) cannot do: a program that finds its own number in its environment, and its
// descriptors at chosen places. Between the two only async-signal-safe functions are called.
#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#endif

extern char **environ;

enum { first_descriptor = 3, digits = 12 };

// What a child says before it is the program. Nothing but the end of the pipe means that it is.
struct report {
    int stage;
    int failure;
    pid_t pid;
};

// Everything that must be made before fork(2), because malloc(3) must not be called after it.
struct plan {
    const struct cprocess_program *program;
    // The environment with the variables of pid_variables behind it.
    char **environment;
    char **pid_variables;
    unsigned pid_variable_count;
    int *duplicates;
    // The first number above all targets.
    int free_descriptor;
    pid_t starter;
};

static void discard(struct plan *plan) {
    for (unsigned index = 0; index < plan->pid_variable_count; index++) free(plan->pid_variables[index]);
    free(plan->pid_variables);
    free(plan->environment);
    free(plan->duplicates);
}

static int prepare(struct plan *plan, const struct cprocess_program *program) {
    unsigned inherited = 0, variables = 0;
    while (program->environment[inherited]) inherited++;
    while (program->pid_variables[variables]) variables++;
    *plan = (struct plan){
        .program = program,
        .environment = calloc(inherited + variables + 1, sizeof *plan->environment),
        .pid_variables = calloc(variables + 1, sizeof *plan->pid_variables),
        .duplicates = calloc(program->count + 1, sizeof *plan->duplicates),
        .free_descriptor = first_descriptor,
        .starter = getpid(),
    };
    if (!plan->environment || !plan->pid_variables || !plan->duplicates) return -ENOMEM;
    memcpy(plan->environment, program->environment, inherited * sizeof *plan->environment);
    for (; plan->pid_variable_count < variables; plan->pid_variable_count++) {
        size_t length = strlen(program->pid_variables[plan->pid_variable_count]);
        char *entry = malloc(length + 1 + digits);
        if (!entry) return -ENOMEM;
        memcpy(entry, program->pid_variables[plan->pid_variable_count], length);
        entry[length] = '=';
        entry[length + 1] = '\0';
        plan->pid_variables[plan->pid_variable_count] = entry;
        plan->environment[inherited + plan->pid_variable_count] = entry;
    }
    for (unsigned index = 0; index < program->count; index++)
        if (program->targets[index] >= plan->free_descriptor) plan->free_descriptor = program->targets[index] + 1;
    return 0;
}

// snprintf(3) is not async-signal-safe.
static void write_number(char *text, unsigned number) {
    char reversed[digits];
    unsigned count = 0;
    do reversed[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0) *text++ = reversed[--count];
    *text = '\0';
}

static void tell(int pipe, int stage, int failure) {
    struct report report = {.stage = stage, .failure = failure, .pid = getpid()};
    (void)!write(pipe, &report, sizeof report);
}

static _Noreturn void give_up(int pipe, int stage) {
    tell(pipe, stage, errno);
    _exit(127);
}

static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    // Of those that cannot be changed, or that do not exist, sigaction(2) says so.
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
}

static void close_all_on_exec(void) {
#ifdef __linux__
    if (syscall(SYS_close_range, first_descriptor, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
#endif
    long limit = sysconf(_SC_OPEN_MAX);
    if (limit < 0 || limit > 1 << 20) limit = 1 << 20;
    for (int descriptor = first_descriptor; descriptor < limit; descriptor++)
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

static _Noreturn void become(const struct plan *plan, int pipe) {
    const struct cprocess_program *program = plan->program;
    reset_signals();
    if (program->own_group) setpgid(0, 0);
#ifdef __linux__
    if (program->orphan_signal != 0 && !program->detached) {
        prctl(PR_SET_PDEATHSIG, program->orphan_signal);
        if (getppid() != plan->starter) {
            errno = ESRCH;
            give_up(pipe, cprocess_orphaned);
        }
    }
#endif
    // Out of the way of all targets first.
    int moved = fcntl(pipe, F_DUPFD_CLOEXEC, plan->free_descriptor);
    if (moved < 0) give_up(pipe, cprocess_descriptors);
    pipe = moved;
    for (unsigned index = 0; index < program->count; index++) {
        plan->duplicates[index] = fcntl(program->sources[index], F_DUPFD_CLOEXEC, plan->free_descriptor);
        if (plan->duplicates[index] < 0) give_up(pipe, cprocess_descriptors);
    }
    close_all_on_exec();
    for (unsigned index = 0; index < program->count; index++)
        if (dup2(plan->duplicates[index], program->targets[index]) < 0) give_up(pipe, cprocess_descriptors);

    if (program->directory && chdir(program->directory) != 0) give_up(pipe, cprocess_directory);
    for (unsigned index = 0; index < plan->pid_variable_count; index++)
        write_number(strchr(plan->pid_variables[index], '=') + 1, (unsigned)getpid());
    environ = plan->environment;
    execvp(program->path, program->arguments);
    give_up(pipe, cprocess_execute);
}

// The child of a child that ends: nobody's.
static _Noreturn void become_detached(const struct plan *plan, int pipe) {
    pid_t child = fork();
    if (child < 0) give_up(pipe, cprocess_execute);
    if (child > 0) _exit(0);
    setsid();
    tell(pipe, cprocess_unknown, 0);
    become(plan, pipe);
}

// Waits for the number of a detached process, which comes before anything that takes time.
static int read_detached(int pipe, pid_t child, pid_t *pid) {
    struct report report = {0};
    ssize_t size;
    do size = read(pipe, &report, sizeof report);
    while (size < 0 && errno == EINTR);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (size != sizeof report) return size < 0 ? -errno : -ECHILD;
    *pid = report.pid;
    return report.stage == cprocess_unknown ? 0 : -report.failure;
}

// Close-on-exec from the beginning, where that can be: a child that another thread starts at this very moment would keep it open, and
// what becomes of the program would not be known before that ends.
static int open_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC) != 0 ? -errno : 0;
#else
    if (pipe(ends) != 0) return -errno;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

int cprocess_spawn(const struct cprocess_program *program, pid_t *pid, int *result) {
    struct plan plan;
    int ends[2];
    int failure = prepare(&plan, program);
    if (failure == 0) failure = open_pipe(ends);
    if (failure != 0) {
        discard(&plan);
        return failure;
    }

    // A handler of the caller's must not run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        if (program->detached) become_detached(&plan, ends[1]);
        become(&plan, ends[1]);
    }
    failure = child < 0 ? -errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    close(ends[1]);
    discard(&plan);
    *pid = child;
    if (failure == 0 && program->detached) failure = read_detached(ends[0], child, pid);
    if (failure != 0) {
        close(ends[0]);
        return failure;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *result = ends[0];
    return 0;
}

enum cprocess_stage cprocess_spawn_result(int result, int *failure) {
    struct report report;
    ssize_t size;
    do size = read(result, &report, sizeof report);
    while (size < 0 && errno == EINTR);
    *failure = 0;
    if (size == 0) return cprocess_runs;
    if (size == sizeof report) {
        *failure = report.failure;
        return (enum cprocess_stage)report.stage;
    }
    if (size < 0 && errno == EAGAIN) return cprocess_unknown;
    *failure = size < 0 ? errno : EPROTO;
    return cprocess_execute;
}

int cprocess_watch(pid_t pid) {
#ifdef __linux__
    // Always close-on-exec. The number is the same on all architectures; older headers do not have it.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : descriptor;
#else
    (void)pid;
    return -ENOSYS;
#endif
}

int cprocess_signal(int watched, int number) {
#ifdef __linux__
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
    return syscall(SYS_pidfd_send_signal, watched, number, 0, 0) == 0 ? 0 : -errno;
#else
    (void)watched, (void)number;
    return -ENOSYS;
#endif
}

char **cprocess_environment(void) { return environ; }
