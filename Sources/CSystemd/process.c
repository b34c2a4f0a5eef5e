// System calls that Swift's C library overlay does not offer.
#define _GNU_SOURCE
#include "CSystemd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define PIDFS_MAGIC 0x50494446

int csystemd_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) != 0 ? -errno : 0; }

// What sd_pidfd_get_inode_id(3) returns, which libsystemd has from 257 on only.
int csystemd_process_inode(pid_t pid, uint64_t *inode) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0)
        return -errno;
    struct statfs system;
    struct stat status;
    int result = 0;
    if (fstatfs(descriptor, &system) != 0 || fstat(descriptor, &status) != 0)
        result = -errno;
    else if (system.f_type != PIDFS_MAGIC)
        result = -ENOTSUP;
    else
        *inode = status.st_ino;
    close(descriptor);
    return result;
}

#else

int csystemd_pipe(int ends[2]) {
    if (pipe(ends) != 0)
        return -errno;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

int csystemd_process_inode(pid_t pid, uint64_t *inode) {
    (void)pid;
    *inode = 0;
    return -ENOTSUP;
}

#endif
