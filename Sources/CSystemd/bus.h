// What the files that speak to PID 1 by D-Bus share.
#ifndef CSYSTEMD_BUS_H
#define CSYSTEMD_BUS_H

#include "CSystemd.h"

#include <systemd/sd-bus.h>

static const char service[] = "org.freedesktop.systemd1";
static const char manager_path[] = "/org/freedesktop/systemd1";
static const char manager_interface[] = "org.freedesktop.systemd1.Manager";

struct csystemd_manager {
    sd_bus *bus;
    /// Microseconds of CLOCK_MONOTONIC.
    uint64_t deadline;
    /// What the manager said to the last call that failed, or NULL.
    char *failure;
    /// The job that is waited for, and its result as soon as there is one.
    const char *job;
    char *result;
};

/// Lets the bus do what there is to do, or waits for that.
int csystemd_bus_turn(struct csystemd_manager *manager);

/// What the manager said to an earlier call is not said of the next one.
void csystemd_bus_forget_failure(struct csystemd_manager *manager);

/// Calls, and keeps what the manager says if it fails. A reply is the caller's.
int csystemd_bus_call(struct csystemd_manager *manager, sd_bus_message *message, sd_bus_message **reply);

/// Gets a property: the reply is a variant, and the caller's.
int csystemd_bus_get(struct csystemd_manager *manager, const char *path, const char *interface, const char *name,
                     sd_bus_message **reply);

#endif
