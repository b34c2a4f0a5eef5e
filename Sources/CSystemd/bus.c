// The service manager's own D-Bus interface, org.freedesktop.systemd1(5), with a limit of time on everything.
#define _GNU_SOURCE
#include "CSystemd.h"

#include <errno.h>
#include <stddef.h>

#ifdef BATON_LIBSYSTEMD

#include "bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static uint64_t time_left(const struct csystemd_manager *manager) {
    uint64_t time = now();
    return time < manager->deadline ? manager->deadline - time : 0;
}

// Lets the bus do what there is to do, or waits for that.
int csystemd_bus_turn(struct csystemd_manager *manager) {
    int result = sd_bus_process(manager->bus, NULL);
    if (result != 0)
        return result;
    uint64_t left = time_left(manager);
    if (left == 0)
        return -ETIMEDOUT;
    result = sd_bus_wait(manager->bus, left);
    return result == -EINTR ? 0 : result;
}

// The socket that systemctl(1) uses as root: PID 1 itself answers, and no message bus is needed.
static int open_private(sd_bus **bus) {
    int result = sd_bus_new(bus);
    if (result >= 0)
        result = sd_bus_set_address(*bus, "unix:path=/run/systemd/private");
    if (result >= 0)
        result = sd_bus_start(*bus);
    if (result < 0)
        *bus = sd_bus_unref(*bus);
    return result;
}

void csystemd_bus_forget_failure(struct csystemd_manager *manager) {
    free(manager->failure);
    manager->failure = NULL;
}

static int keep_failure(struct csystemd_manager *manager, sd_bus_error *error, int result) {
    if (sd_bus_error_is_set(error) && asprintf(&manager->failure, "%s: %s", error->name, error->message) < 0)
        manager->failure = NULL;
    sd_bus_error_free(error);
    return result;
}

int csystemd_bus_call(struct csystemd_manager *manager, sd_bus_message *message, sd_bus_message **reply) {
    csystemd_bus_forget_failure(manager);
    uint64_t left = time_left(manager);
    if (left == 0)
        return -ETIMEDOUT;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int result = sd_bus_call(manager->bus, message, left, &error, reply);
    return keep_failure(manager, &error, result);
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
    (void)error;
    struct csystemd_manager *manager = userdata;
    const char *job = NULL, *result = NULL;
    if (sd_bus_message_read(message, "uoss", NULL, &job, NULL, &result) < 0)
        return 0;
    if (manager->job != NULL && manager->result == NULL && strcmp(job, manager->job) == 0)
        manager->result = strdup(result);
    return 0;
}

static int listen_for_jobs(struct csystemd_manager *manager, int is_bus) {
    uint64_t left = time_left(manager);
    if (left == 0)
        return -ETIMEDOUT;
    // sd_bus_match_signal(3) is a call to the message bus, too, and else waits for 25 s.
    int result = sd_bus_set_method_call_timeout(manager->bus, left);
    if (result < 0)
        return result;
    result = sd_bus_match_signal(manager->bus, NULL, is_bus ? service : NULL, manager_path, manager_interface,
                                 "JobRemoved", on_job_removed, manager);
    if (result < 0 || !is_bus)
        return result;
    // Without it PID 1 sends its signals to those only who are connected to itself.
    sd_bus_message *message = NULL;
    result = sd_bus_message_new_method_call(manager->bus, &message, service, manager_path, manager_interface, "Subscribe");
    if (result >= 0)
        result = csystemd_bus_call(manager, message, NULL);
    sd_bus_message_unref(message);
    return result;
}

int csystemd_manager_connect(struct csystemd_manager **result, int milliseconds) {
    struct csystemd_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return -ENOMEM;
    manager->deadline = now() + (uint64_t)milliseconds * 1000;
    int is_bus = 0;
    int code = open_private(&manager->bus);
    if (code < 0) {
        is_bus = 1;
        code = sd_bus_open_system(&manager->bus);
    }
    while (code >= 0 && (code = sd_bus_is_ready(manager->bus)) == 0)
        code = csystemd_bus_turn(manager);
    if (code >= 0)
        code = listen_for_jobs(manager, is_bus);
    if (code < 0) {
        csystemd_manager_disconnect(manager);
        return code;
    }
    *result = manager;
    return 0;
}

void csystemd_manager_disconnect(struct csystemd_manager *manager) {
    sd_bus_close(manager->bus);
    sd_bus_unref(manager->bus);
    free(manager->failure);
    free(manager->result);
    free(manager);
}

const char *csystemd_manager_failure(const struct csystemd_manager *manager) { return manager->failure; }

int csystemd_manager_unit(struct csystemd_manager *manager, pid_t pid, char **path) {
    sd_bus_message *message = NULL, *reply = NULL;
    const char *found = NULL;
    int result = sd_bus_message_new_method_call(manager->bus, &message, service, manager_path, manager_interface,
                                                "GetUnitByPID");
    if (result >= 0)
        result = sd_bus_message_append(message, "u", (uint32_t)pid);
    if (result >= 0)
        result = csystemd_bus_call(manager, message, &reply);
    if (result >= 0)
        result = sd_bus_message_read(reply, "o", &found);
    if (result >= 0)
        result = (*path = strdup(found)) == NULL ? -ENOMEM : 0;
    sd_bus_message_unref(message);
    sd_bus_message_unref(reply);
    return result;
}

// The reply is a variant.
int csystemd_bus_get(struct csystemd_manager *manager, const char *path, const char *interface, const char *name,
               sd_bus_message **reply) {
    sd_bus_message *message = NULL;
    int result = sd_bus_message_new_method_call(manager->bus, &message, service, path,
                                                "org.freedesktop.DBus.Properties", "Get");
    if (result >= 0)
        result = sd_bus_message_append(message, "ss", interface, name);
    if (result >= 0)
        result = csystemd_bus_call(manager, message, reply);
    sd_bus_message_unref(message);
    return result;
}

int csystemd_manager_text(struct csystemd_manager *manager, const char *path, const char *interface, const char *name,
                          char **value) {
    sd_bus_message *reply = NULL;
    const char *text = NULL;
    int result = csystemd_bus_get(manager, path, interface, name, &reply);
    if (result >= 0)
        result = sd_bus_message_read(reply, "v", "s", &text);
    if (result >= 0)
        result = (*value = strdup(text)) == NULL ? -ENOMEM : 0;
    sd_bus_message_unref(reply);
    return result;
}

int csystemd_manager_number(struct csystemd_manager *manager, const char *path, const char *interface,
                            const char *name, uint64_t *value) {
    sd_bus_message *reply = NULL;
    char type = 0;
    const char *contents = NULL;
    int result = csystemd_bus_get(manager, path, interface, name, &reply);
    if (result >= 0)
        result = sd_bus_message_peek_type(reply, &type, &contents);
    if (result > 0 && strcmp(contents, "u") == 0) {
        uint32_t number = 0;
        result = sd_bus_message_read(reply, "v", "u", &number);
        *value = number;
    } else if (result > 0) {
        result = sd_bus_message_read(reply, "v", "t", value);
    }
    sd_bus_message_unref(reply);
    return result < 0 ? result : 0;
}

int csystemd_manager_job_type(struct csystemd_manager *manager, const char *path, char **type) {
    sd_bus_message *reply = NULL;
    uint32_t number = 0;
    const char *job = NULL;
    int result = csystemd_bus_get(manager, path, "org.freedesktop.systemd1.Unit", "Job", &reply);
    if (result >= 0)
        result = sd_bus_message_read(reply, "v", "(uo)", &number, &job);
    if (result >= 0 && number == 0)
        result = (*type = strdup("")) == NULL ? -ENOMEM : 0;
    else if (result >= 0)
        result = csystemd_manager_text(manager, job, "org.freedesktop.systemd1.Job", "JobType", type);
    sd_bus_message_unref(reply);
    return result < 0 ? result : 0;
}

int csystemd_manager_count_units(struct csystemd_manager *manager, const char *pattern, unsigned *count) {
    sd_bus_message *message = NULL, *reply = NULL;
    *count = 0;
    int result = sd_bus_message_new_method_call(manager->bus, &message, service, manager_path, manager_interface,
                                                "ListUnitsByPatterns");
    if (result >= 0)
        result = sd_bus_message_append(message, "asas", 0, 1, pattern);
    if (result >= 0)
        result = csystemd_bus_call(manager, message, &reply);
    if (result >= 0)
        result = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(ssssssouso)");
    while (result >= 0 && (result = sd_bus_message_skip(reply, "(ssssssouso)")) > 0) {
        *count += 1;
        if (sd_bus_message_at_end(reply, 0) > 0)
            break;
    }
    // Nothing to skip: no units.
    if (result == -ENXIO)
        result = 0;
    sd_bus_message_unref(message);
    sd_bus_message_unref(reply);
    return result < 0 ? result : 0;
}

#else

int csystemd_manager_connect(struct csystemd_manager **result, int milliseconds) {
    (void)milliseconds;
    *result = NULL;
    return -ENOTSUP;
}

void csystemd_manager_disconnect(struct csystemd_manager *manager) { (void)manager; }

const char *csystemd_manager_failure(const struct csystemd_manager *manager) {
    (void)manager;
    return NULL;
}

int csystemd_manager_unit(struct csystemd_manager *manager, pid_t pid, char **path) {
    (void)manager, (void)pid, (void)path;
    return -ENOTSUP;
}

int csystemd_manager_text(struct csystemd_manager *manager, const char *path, const char *interface, const char *name,
                          char **value) {
    (void)manager, (void)path, (void)interface, (void)name, (void)value;
    return -ENOTSUP;
}

int csystemd_manager_number(struct csystemd_manager *manager, const char *path, const char *interface,
                            const char *name, uint64_t *value) {
    (void)manager, (void)path, (void)interface, (void)name, (void)value;
    return -ENOTSUP;
}

int csystemd_manager_job_type(struct csystemd_manager *manager, const char *path, char **type) {
    (void)manager, (void)path, (void)type;
    return -ENOTSUP;
}

int csystemd_manager_count_units(struct csystemd_manager *manager, const char *pattern, unsigned *count) {
    (void)manager, (void)pattern, (void)count;
    return -ENOTSUP;
}

#endif
