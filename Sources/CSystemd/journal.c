// sd_journal_sendv(3).
#include "CSystemd.h"

#include <errno.h>

#ifdef BATON_LIBSYSTEMD

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

int csystemd_journal_send(const struct iovec *fields, int count) { return sd_journal_sendv(fields, count); }

#else

int csystemd_journal_send(const struct iovec *fields, int count) {
    (void)fields;
    (void)count;
    return -ENOSYS;
}

#endif
