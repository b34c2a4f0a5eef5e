// What was passed to this process: sd_listen_fds(3), sd_is_socket(3) and its like, sd_watchdog_enabled(3).
#include "CSystemd.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifdef BATON_LIBSYSTEMD

#include <stdlib.h>
#include <systemd/sd-daemon.h>

int csystemd_is_built_in(void) { return 1; }

int csystemd_listen_fds(char ***names) {
    int count = sd_listen_fds_with_names(1, names);
    // libsystemd knows it from 257 on only.
    unsetenv("LISTEN_PIDFDID");
    return count;
}

int csystemd_is_socket(int descriptor, int family, int type, int listening) {
    return sd_is_socket(descriptor, family, type, listening);
}

int csystemd_is_fifo(int descriptor) { return sd_is_fifo(descriptor, NULL); }

int csystemd_is_message_queue(int descriptor) { return sd_is_mq(descriptor, NULL); }

int csystemd_is_special(int descriptor) { return sd_is_special(descriptor, NULL); }

int csystemd_watchdog(uint64_t *microseconds) { return sd_watchdog_enabled(1, microseconds); }

#else

int csystemd_is_built_in(void) { return 0; }

int csystemd_listen_fds(char ***names) {
    *names = NULL;
    return 0;
}

int csystemd_is_socket(int descriptor, int family, int type, int listening) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0)
        return errno == ENOTSOCK ? 0 : -errno;
    if (family != 0 && address.ss_family != family)
        return 0;
    int value = 0;
    length = sizeof value;
    if (type != 0 && (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &length) != 0 || value != type))
        return 0;
    length = sizeof value;
    return listening < 0 ||
           (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && !value == !listening);
}

int csystemd_is_fifo(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) != 0 ? -errno : S_ISFIFO(status.st_mode);
}

int csystemd_is_message_queue(int descriptor) {
    (void)descriptor;
    return 0;
}

int csystemd_is_special(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) != 0 ? -errno : S_ISREG(status.st_mode) || S_ISCHR(status.st_mode);
}

int csystemd_watchdog(uint64_t *microseconds) {
    *microseconds = 0;
    return 0;
}

#endif
