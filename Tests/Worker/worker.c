// The program behind `baton run` in tests: small, quick to start, and without anything that has to be installed.
//
//   worker serve [ignore | hold] [ready]   answers with GENERATION PID on all sockets of SERVER_STARTER_PORT
//       ignore: TERM is ignored; hold: TERM ends it only when USR2 comes, too; ready: it says READY=1
//   worker ask ADDRESS                     prints what is answered at PORT, HOST:PORT, uPORT or a path; 1 is nobody
//   worker say TEXT                        tells NOTIFY_SOCKET
//   worker control PATH QUESTION           prints what a control socket answers
//   worker describe                        prints its descriptors and signals
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { most = 16 };

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

static int fail(const char *what) {
    fprintf(stderr, "worker: %s: %s\n", what, strerror(errno));
    return 1;
}

static int say(const char *text) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = variable("NOTIFY_SOCKET");
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address.sun_path) return fail("NOTIFY_SOCKET");
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = 0;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (sendto(descriptor, text, strlen(text), 0, (struct sockaddr *)&address, size) < 0) return fail(path);
    close(descriptor);
    return 0;
}

// Signals are told by a pipe.
static int ends[2];

static void note(int number) {
    unsigned char byte = (unsigned char)number;
    (void)!write(ends[1], &byte, 1);
}

static unsigned open_sockets(struct pollfd *entries) {
    unsigned count = 0;
    char *ports = strdup(variable("SERVER_STARTER_PORT"));
    for (char *port = strtok(ports, ";"); port && count < most; port = strtok(0, ";"))
        entries[count++] = (struct pollfd){.fd = atoi(strrchr(port, '=') + 1), .events = POLLIN};
    free(ports);
    return count;
}

static void answer(int descriptor) {
    char text[64];
    int size = snprintf(text, sizeof text, "%s %d\n", variable("SERVER_STARTER_GENERATION"), getpid());
    int type = SOCK_STREAM;
    socklen_t length = sizeof type;
    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length);
    if (type == SOCK_DGRAM) {
        struct sockaddr_storage sender;
        socklen_t sender_length = sizeof sender;
        char question[64];
        if (recvfrom(descriptor, question, sizeof question, MSG_DONTWAIT, (struct sockaddr *)&sender, &sender_length) >= 0)
            sendto(descriptor, text, (size_t)size, 0, (struct sockaddr *)&sender, sender_length);
        return;
    }
    // Two generations may have been woken for one connection.
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    int connection = accept(descriptor, 0, 0);
    if (connection < 0) return;
    (void)!write(connection, text, (size_t)size);
    close(connection);
}

static int serve(bool ignores, bool holds, bool is_ready) {
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return fail("pipe");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, ignores ? SIG_IGN : note);
    for (unsigned index = 0; index < 4; index++) signal((int[]){SIGUSR1, SIGUSR2, SIGINT, SIGQUIT}[index], note);
    struct pollfd entries[most + 1];
    unsigned count = open_sockets(entries), first = 0;
    entries[count] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    const char *generation = variable("SERVER_STARTER_GENERATION");
    fprintf(stderr, "generation %s serves\n", generation);
    if (is_ready) say("READY=1");
    for (;;) {
        if (poll(entries + first, count + 1 - first, -1) < 0) continue;
        for (unsigned index = first; index < count; index++)
            if (entries[index].revents) answer(entries[index].fd);
        unsigned char number;
        if (read(ends[0], &number, 1) != 1) continue;
        fprintf(stderr, "generation %s got %s\n", generation, sigabbrev_np(number));
        if (!holds || number == SIGUSR2) return 0;
        first = count;
    }
}

static int open_client(const char *name) {
    if (strchr(name, '/')) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strncpy(address.sun_path, name, sizeof address.sun_path - 1);
        int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0 ? descriptor : -1;
    }
    char host[64] = "127.0.0.1";
    const char *separator = strrchr(name, ':'), *port = separator ? separator + 1 : name;
    if (separator) snprintf(host, sizeof host, "%.*s", (int)(separator - name), name);
    bool is_datagram = port[0] == 'u';
    struct addrinfo hints = {.ai_socktype = is_datagram ? SOCK_DGRAM : SOCK_STREAM}, *address;
    if (getaddrinfo(host, port + is_datagram, &hints, &address) != 0) return -1;
    int descriptor = socket(address->ai_family, address->ai_socktype, 0);
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0) return -1;
    if (is_datagram && send(descriptor, "?", 1, 0) != 1) return -1;
    return descriptor;
}

static int ask(const char *name) {
    int descriptor = open_client(name);
    if (descriptor < 0) return fail(name);
    char text[4096];
    ssize_t size = read(descriptor, text, sizeof text);
    if (size <= 0) return fail(name);
    fwrite(text, 1, (size_t)size, stdout);
    return 0;
}

// Asks on a control socket: a line, and the line that is answered.
static int control(const char *path, const char *question) {
    int descriptor = open_client(path);
    if (descriptor < 0 || dprintf(descriptor, "%s\n", question) < 0) return fail(path);
    char text[4096];
    for (ssize_t size; (size = read(descriptor, text, sizeof text)) > 0;) fwrite(text, 1, (size_t)size, stdout);
    return 0;
}

static int describe(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return fail("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder)) fprintf(stderr, "descriptor %s\n", entry->d_name);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, 0, &action) == 0 && action.sa_handler == SIG_IGN) fprintf(stderr, "ignored %d\n", number);
    }
    sigset_t mask;
    sigprocmask(SIG_BLOCK, 0, &mask);
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&mask, number) == 1) fprintf(stderr, "blocked %d\n", number);
    fprintf(stderr, "described\n");
    for (;;) pause();
}

int main(int count, char **words) {
    bool ignores = false, holds = false, is_ready = false;
    for (int index = 2; index < count; index++) {
        ignores |= strcmp(words[index], "ignore") == 0;
        holds |= strcmp(words[index], "hold") == 0;
        is_ready |= strcmp(words[index], "ready") == 0;
    }
    const char *what = count > 1 ? words[1] : "serve";
    if (strcmp(what, "serve") == 0) return serve(ignores, holds, is_ready);
    if (strcmp(what, "describe") == 0) return describe();
    if (strcmp(what, "ask") == 0 && count == 3) return ask(words[2]);
    if (strcmp(what, "say") == 0 && count == 3) return say(words[2]);
    if (strcmp(what, "control") == 0 && count == 4) return control(words[2], words[3]);
    fprintf(stderr, "worker: serve, describe, ask ADDRESS, say TEXT or control PATH QUESTION\n");
    return 64;
}
