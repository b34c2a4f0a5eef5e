// Transient scopes: org.freedesktop.systemd1.Manager.StartTransientUnit, with the limits of a service.
#define _GNU_SOURCE
#include "CSystemd.h"

#include <errno.h>
#include <stddef.h>

#ifdef BATON_LIBSYSTEMD

#include "bus.h"

#include <string.h>

// Whether the variant that comes next is an array without elements, as which most lists that are not set are given.
static int is_empty_array(sd_bus_message *message) {
    char type = 0;
    const char *contents = NULL;
    int result = sd_bus_message_peek_type(message, &type, &contents);
    if (result <= 0 || contents[0] != SD_BUS_TYPE_ARRAY)
        return result < 0 ? result : 0;
    result = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
    if (result >= 0)
        result = sd_bus_message_peek_type(message, &type, &contents);
    if (result >= 0)
        result = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, contents);
    int is_empty = result < 0 ? result : sd_bus_message_at_end(message, 0);
    result = sd_bus_message_rewind(message, 1);
    return result < 0 ? result : is_empty;
}

// Appends a property of the unit, as it is, to an a(sv). What this version of systemd does not have (EBADR) is left out.
static int append_copy(struct csystemd_manager *manager, sd_bus_message *message, const char *unit, const char *name) {
    sd_bus_message *value = NULL;
    int result = csystemd_bus_get(manager, unit, "org.freedesktop.systemd1.Service", name, &value);
    if (result == -EBADR)
        return 0;
    int is_empty = result < 0 ? 0 : is_empty_array(value);
    if (is_empty < 0)
        result = is_empty;
    if (result >= 0 && !is_empty) {
        result = sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "sv");
        if (result >= 0)
            result = sd_bus_message_append(message, "s", name);
        if (result >= 0)
            result = sd_bus_message_copy(message, value, 0);
        if (result >= 0)
            result = sd_bus_message_close_container(message);
    }
    sd_bus_message_unref(value);
    return result;
}

static int append_pids(sd_bus_message *message, const pid_t *pids, unsigned count) {
    int result = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "u");
    for (unsigned index = 0; result >= 0 && index < count; index++)
        result = sd_bus_message_append(message, "u", (uint32_t)pids[index]);
    return result < 0 ? result : sd_bus_message_close_container(message);
}

static int append_scope(struct csystemd_manager *manager, sd_bus_message *message, const struct csystemd_scope *scope) {
    int result = sd_bus_message_append(message, "ss", scope->name, "fail");
    if (result >= 0)
        result = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "(sv)");
    if (result >= 0)
        result = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", scope->description, "Slice",
                                       "s", scope->slice, "RuntimeMaxUSec", "t", scope->runtime_max, "TimeoutStopUSec",
                                       "t", scope->timeout_stop, "CollectMode", "s", "inactive-or-failed");
    if (result >= 0)
        result = sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "sv");
    if (result >= 0)
        result = sd_bus_message_append(message, "s", "PIDs");
    if (result >= 0)
        result = sd_bus_message_open_container(message, SD_BUS_TYPE_VARIANT, "au");
    if (result >= 0)
        result = append_pids(message, scope->pids, scope->count);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    for (const char *const *name = scope->copied; result >= 0 && *name != NULL; name++)
        result = append_copy(manager, message, scope->unit, *name);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    return result < 0 ? result : sd_bus_message_append(message, "a(sa(sv))", 0);
}

int csystemd_manager_start_scope(struct csystemd_manager *manager, const struct csystemd_scope *scope, char **job) {
    sd_bus_message *message = NULL, *reply = NULL;
    const char *path = NULL;
    int result = sd_bus_message_new_method_call(manager->bus, &message, service, manager_path, manager_interface,
                                                "StartTransientUnit");
    if (result >= 0)
        result = append_scope(manager, message, scope);
    if (result >= 0)
        result = csystemd_bus_call(manager, message, &reply);
    if (result >= 0)
        result = sd_bus_message_read(reply, "o", &path);
    if (result >= 0)
        result = (*job = strdup(path)) == NULL ? -ENOMEM : 0;
    sd_bus_message_unref(message);
    sd_bus_message_unref(reply);
    return result;
}

int csystemd_manager_wait_for_job(struct csystemd_manager *manager, const char *job, char **result) {
    int code = 0;
    csystemd_bus_forget_failure(manager);
    manager->job = job;
    while (code >= 0 && manager->result == NULL)
        code = csystemd_bus_turn(manager);
    manager->job = NULL;
    *result = manager->result;
    manager->result = NULL;
    return *result == NULL ? code : 0;
}

int csystemd_manager_attach(struct csystemd_manager *manager, const char *unit, const pid_t *pids, unsigned count) {
    sd_bus_message *message = NULL;
    int result = sd_bus_message_new_method_call(manager->bus, &message, service, manager_path, manager_interface,
                                                "AttachProcessesToUnit");
    if (result >= 0)
        result = sd_bus_message_append(message, "ss", unit, "");
    if (result >= 0)
        result = append_pids(message, pids, count);
    if (result >= 0)
        result = csystemd_bus_call(manager, message, NULL);
    sd_bus_message_unref(message);
    return result < 0 ? result : 0;
}

#else

int csystemd_manager_start_scope(struct csystemd_manager *manager, const struct csystemd_scope *scope, char **job) {
    (void)manager, (void)scope, (void)job;
    return -ENOTSUP;
}

int csystemd_manager_wait_for_job(struct csystemd_manager *manager, const char *job, char **result) {
    (void)manager, (void)job, (void)result;
    return -ENOTSUP;
}

int csystemd_manager_attach(struct csystemd_manager *manager, const char *unit, const pid_t *pids, unsigned count) {
    (void)manager, (void)unit, (void)pids, (void)count;
    return -ENOTSUP;
}

#endif
