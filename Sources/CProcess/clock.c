#include "CProcess.h"

#include <errno.h>
#include <time.h>

long long cprocess_clock(int clock) {
    struct timespec time;
    if (clock_gettime((clockid_t)clock, &time) != 0) return -errno;
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}
