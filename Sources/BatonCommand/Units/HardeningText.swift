/// What is taken away that a server which is given its sockets does not need.
enum HardeningText {
    static func write(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        guard plan.hardening != .none else { return }
        unit.gap()
        unit.note(
            "What follows takes away what a server that is given its sockets does not need. It makes a restart some milliseconds "
                + "longer, nearly all of them for mounts."
        )
        if plan.isUser {
            unit.note("Only what needs no privileges: a user's manager has none.")
            ofUser(&unit, plan.hardening == .strict)
        } else {
            ofSystem(&unit, plan)
        }
        unit.set("UMask", "0077")
    }

    private static func ofSystem(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        let isStrict = plan.hardening == .strict
        unit.note(
            "DynamicUser implies NoNewPrivileges, PrivateTmp, RemoveIPC, RestrictSUIDSGID, ProtectSystem=strict, "
                + "ProtectHome=read-only."
        )
        unit.set("DynamicUser", "yes")
        if plan.kind == .template {
            unit.note("One user for both instances, who share what they keep.")
            unit.set("User", plan.name)
        }
        unit.set("CapabilityBoundingSet", "")
        unit.set("LockPersonality", "yes")
        if isStrict {
            unit.note("For programs that make code while they run (a JIT), this has to go.")
            unit.set("MemoryDenyWriteExecute", "yes")
        }
        unit.set("PrivateDevices", "yes")
        if isStrict {
            unit.set("PrivateMounts", "yes")
            unit.set("PrivateUsers", "yes")
        }
        for key in [
            "ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules",
        ] {
            unit.set(key, "yes")
        }
        if isStrict {
            unit.note("Not ProcSubset=pid: it would hide /proc/sys/net/core/somaxconn, the limit of Backlog=.")
            unit.set("ProtectProc", "invisible")
        }
        calls(&unit, isStrict)
    }

    private static func ofUser(_ unit: inout UnitWriter, _ isStrict: Bool) {
        unit.set("NoNewPrivileges", "yes")
        unit.set("LockPersonality", "yes")
        if isStrict {
            unit.note("For programs that make code while they run (a JIT), this has to go.")
            unit.set("MemoryDenyWriteExecute", "yes")
        }
        calls(&unit, isStrict)
        unit.set("RestrictSUIDSGID", "yes")
    }

    private static func calls(_ unit: inout UnitWriter, _ isStrict: Bool) {
        if isStrict { unit.set("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX") }
        unit.set("RestrictNamespaces", "yes")
        unit.set("RestrictRealtime", "yes")
        unit.set("SystemCallArchitectures", "native")
        guard isStrict else { return }
        unit.set("SystemCallFilter", "@system-service")
        unit.set("SystemCallFilter", "~@privileged @resources")
        unit.note(
            "Swift's libdispatch asks for thread priorities that only root may have, and writes a line to the journal each time it is "
                + "refused: let the call succeed and do nothing."
        )
        unit.set("SystemCallFilter", "~setpriority:0")
        unit.note("A refused call fails with EPERM, which a program can report, instead of killing it.")
        unit.set("SystemCallErrorNumber", "EPERM")
    }
}
