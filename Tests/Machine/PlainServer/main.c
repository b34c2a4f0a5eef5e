// The plain server to compare with: what a restart costs when the program itself costs nothing.
//
// Socket-activated, one thread, HTTP/1.1 with keep-alive. On TERM it accepts no more, answers what it has
// accepted, and exits: idle keep-alive connections are closed at once, a connection that has not sent
// its first request yet gets one second for it.

#ifndef BATON_LIBSYSTEMD
#include <stdio.h>

int main(void) {
    fprintf(stderr, "plain-server: built without the package trait Libsystemd, so nobody can pass it a socket\n");
    return 78;
}
#else

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

enum { configuration_error = 78, grace_milliseconds = 1000, request_limit = 8192, event_batch = 256 };

struct connection {
    int descriptor;
    bool answered;
    size_t length;
    char request[request_limit + 1];
};

static struct connection **connections;
static size_t connection_capacity;
static size_t connection_count;
static int poller;

static void fail(const char *what, int status) {
    fprintf(stderr, "plain-server: %s: %s\n", what, strerror(errno));
    exit(status);
}

static void drop(struct connection *connection) {
    connections[connection->descriptor] = NULL;
    connection_count--;
    close(connection->descriptor);
    free(connection);
}

static void watch(int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("epoll_ctl", EXIT_FAILURE);
}

static void accept_all(int listener) {
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            if (errno == EAGAIN)
                return;
            fail("accept4", EXIT_FAILURE);
        }
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL || (size_t)descriptor >= connection_capacity)
            fail("too many connections", EXIT_FAILURE);
        connection->descriptor = descriptor;
        connections[descriptor] = connection;
        connection_count++;
        watch(descriptor);
    }
}

/// Writes the response; false when the connection is of no more use.
static bool answer(struct connection *connection, bool keep_alive) {
    char body[64];
    int body_length = snprintf(body, sizeof body, "plain-server: pid %d\n", (int)getpid());
    char response[256];
    int length = snprintf(response, sizeof response,
                          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s", body_length,
                          keep_alive ? "" : "Connection: close\r\n", body);
    connection->answered = true;
    // A response this small fits the empty send buffer of a client that reads.
    return send(connection->descriptor, response, (size_t)length, MSG_NOSIGNAL) == length && keep_alive;
}

/// Reads what has arrived and answers each complete request in it. Bodies are not read: GET only.
static void serve(struct connection *connection, bool draining) {
    ssize_t count =
        read(connection->descriptor, connection->request + connection->length, request_limit - connection->length);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        drop(connection);
        return;
    }
    connection->length += (size_t)count;
    connection->request[connection->length] = '\0';
    char *end;
    while ((end = strstr(connection->request, "\r\n\r\n")) != NULL) {
        *end = '\0';
        bool keep_alive = !draining && strcasestr(connection->request, "\r\nConnection: close") == NULL;
        if (!answer(connection, keep_alive)) {
            drop(connection);
            return;
        }
        size_t used = (size_t)(end + 4 - connection->request);
        connection->length -= used;
        memmove(connection->request, end + 4, connection->length + 1);
    }
    if (connection->length == request_limit)
        drop(connection);
}

static int64_t now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop_idle(void) {
    for (size_t descriptor = 0; descriptor < connection_capacity; descriptor++)
        if (connections[descriptor] != NULL && connections[descriptor]->answered)
            drop(connections[descriptor]);
}

/// Answers what is in hand until nothing is left or the grace is over.
static void drain(int listeners) {
    for (int descriptor = SD_LISTEN_FDS_START; descriptor < SD_LISTEN_FDS_START + listeners; descriptor++)
        close(descriptor);
    int64_t deadline = now_milliseconds() + grace_milliseconds;
    int64_t left = grace_milliseconds;
    // The first round does not wait: it serves what has arrived before idle connections are closed.
    bool first = true;
    while ((connection_count > 0 || first) && left > 0) {
        struct epoll_event events[event_batch];
        int count = epoll_wait(poller, events, event_batch, first ? 0 : (int)left);
        for (int index = 0; index < count; index++) {
            struct connection *connection = connections[events[index].data.fd];
            if (connection != NULL)
                serve(connection, true);
        }
        drop_idle();
        first = first && count == event_batch;
        left = deadline - now_milliseconds();
    }
}

int main(void) {
    int listeners = sd_listen_fds(1);
    if (listeners < 1) {
        fprintf(stderr, "plain-server: no listen socket in LISTEN_FDS; start it from a socket unit\n");
        return configuration_error;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("getrlimit", EXIT_FAILURE);
    connection_capacity = (size_t)limit.rlim_cur;
    connections = calloc(connection_capacity, sizeof *connections);
    poller = epoll_create1(EPOLL_CLOEXEC);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int signal_descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
    if (connections == NULL || poller < 0 || signal_descriptor < 0)
        fail("start", EXIT_FAILURE);
    watch(signal_descriptor);
    for (int descriptor = SD_LISTEN_FDS_START; descriptor < SD_LISTEN_FDS_START + listeners; descriptor++) {
        // What NonBlocking=yes of the unit does, for a start without a unit.
        if (fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) != 0)
            fail("fcntl", EXIT_FAILURE);
        watch(descriptor);
    }
    sd_notify(0, "READY=1");

    for (;;) {
        struct epoll_event events[event_batch];
        int count = epoll_wait(poller, events, event_batch, -1);
        if (count < 0 && errno != EINTR)
            fail("epoll_wait", EXIT_FAILURE);
        for (int index = 0; index < count; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == signal_descriptor) {
                sd_notify(0, "STOPPING=1");
                drain(listeners);
                return EXIT_SUCCESS;
            }
            if (descriptor < SD_LISTEN_FDS_START + listeners)
                accept_all(descriptor);
            else if (connections[descriptor] != NULL)
                serve(connections[descriptor], false);
        }
    }
}

#endif
