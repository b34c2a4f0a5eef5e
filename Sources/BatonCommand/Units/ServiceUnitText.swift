/// The text of a service unit.
enum ServiceUnitText {
    static func text(of plan: UnitsPlan) -> String {
        var unit = UnitWriter()
        head(&unit, plan)
        unit.section("Unit")
        unit.set("Description", UnitWriter.literal(plan.description))
        dependencies(&unit, plan)
        unit.section("Service")
        start(&unit, plan)
        if plan.kind == .supervised {
            stopOfSupervisor(&unit, plan)
        } else if plan.isBatons {
            handOver(&unit)
        }
        directories(&unit, plan)
        running(&unit, plan)
        HardeningText.write(&unit, plan)
        unit.section("Install")
        unit.set("WantedBy", plan.isUser ? "default.target" : "multi-user.target")
        if plan.kind == .template { unit.set("DefaultInstance", "a") }
        unit.set("Also", plan.sockets.map(\.unit).joined(separator: " "))
        return unit.text
    }

    private static func head(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        switch plan.kind {
        case .plain: unit.head("\(plan.name), restarted without losing a request.")
        case .supervised:
            unit.head(
                plan.isUser
                    ? "\(plan.name) under a supervisor, which is the main process and starts the program as its child: a reload puts "
                        + "the next one beside the old one. A restart waits for the old one's requests."
                    : "\(plan.name), restarted without waiting for its requests. The main process is a supervisor, which starts the "
                        + "program as its child. In a restart the old one drains in a scope of its own, \(plan.name)-drain-PID.scope, "
                        + "while the next one serves already. Needs cgroup version 2."
            )
        case .template:
            unit.head(
                "\(plan.name), as instances \(plan.name)@a.service and \(plan.name)@b.service on the same socket: one can be started "
                    + "beside the other, and that one stopped."
            )
        }
    }

    private static func dependencies(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        let sockets = plan.sockets.map(\.unit)
        unit.set(
            "Requires",
            sockets.joined(separator: " "),
            because:
                "Requires, not Wants: else `systemctl restart \(sockets[0])` is refused while the service runs, and leaves the "
                + "socket dead."
        )
        unit.set("After", sockets.joined(separator: " "))
        unit.set(
            "StartLimitIntervalSec",
            0,
            because: "The default (5 starts in 10 s) would fail the socket together with the service."
        )
    }

    private static func start(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        let isSupervised = plan.kind == .supervised
        unit.set(
            "Type",
            "notify",
            because: isSupervised
                ? "READY=1 comes from the supervisor, when its first worker "
                    + (plan.speaks ? "has told it so." : "has lived for a second.")
                : "The start counts as done at READY=1, when connections are accepted, not at exec."
        )
        unit.set("NotifyAccess", "main")
        if plan.kind == .template || plan.sockets.count > 1 {
            unit.set("Sockets", plan.sockets.map(\.unit).joined(separator: " "))
        }
        var command = plan.command
        if isSupervised {
            // More than the drain of a worker, which the supervisor kills then.
            let limit = plan.stopSeconds > 90 ? ["--kill-timeout", "\(plan.stopSeconds)"] : []
            command = [plan.baton, "run"] + (plan.speaks ? ["--notify"] : []) + limit + ["--"] + command
        }
        unit.set("ExecStart", UnitWriter.commandLine(command))
        guard plan.hasControlSocket else { return }
        unit.set(
            "ExecReload",
            UnitWriter.commandLine([plan.baton, isSupervised ? "restart" : "reload"]),
            because: isSupervised
                ? "`systemctl reload` starts the next worker beside the old one, waits until it is ready, and fails if it does not "
                    + "become so. The supervisor's control socket is in the runtime directory."
                : "`systemctl reload`: the command asks the program on its control socket, waits until it has reloaded, and fails if "
                    + "that has failed, so that systemctl does. The socket is in the runtime directory."
        )
    }

    private static func handOver(_ unit: inout UnitWriter) {
        unit.set(
            "RestartKillSignal",
            "SIGINT",
            because:
                "`systemctl restart` sends this signal instead of TERM. It tells the program that another process follows, and the "
                + "program leaves its connections to that one in systemd's store: none is closed. A restart needs one place, as "
                + "a rule; the others are for hundreds of connections that are busy till the last moment, and for restarts that "
                + "overtake each other."
        )
        unit.set("FileDescriptorStoreMax", StoreChecks.places)
    }

    private static func stopOfSupervisor(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        if !plan.isUser {
            // What DrainLimit.normal does not cover.
            let limit = plan.stopSeconds > 45 ? ["--limit", "\(plan.stopSeconds)"] : []
            unit.set(
                "ExecStop",
                "+" + UnitWriter.commandLine([plan.baton, "drain-scope"] + limit),
                because:
                    "Before TERM reaches the supervisor. In a restart this moves the workers to their scope, with the limits of "
                    + "this unit; in a stop it does nothing, and the supervisor waits for their drain. With the + as root, outside of "
                    + "what is set below, because only root may move processes."
            )
        }
        unit.set("FileDescriptorStoreMax", StoreChecks.places, because: "What the supervisor keeps over a restart.")
    }

    private static func directories(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        if plan.hasControlSocket {
            unit.set(
                "RuntimeDirectory",
                plan.runtimeDirectory + (plan.kind == .template ? "-%i" : ""),
                because:
                    "For the control socket. It stays over a restart: that is quicker, and a process that drains still has it."
            )
            unit.set("RuntimeDirectoryPreserve", "restart")
        }
        if let state = plan.stateDirectory {
            unit.set(
                "StateDirectory",
                state,
                because: "What the program keeps for good; $STATE_DIRECTORY tells it where."
            )
        }
    }

    private static func watchdog(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        unit.set(
            "WatchdogSec",
            10,
            because: plan.kind == .supervised
                ? "The supervisor passes the worker's pings on: a hang is one of either. For a program that never pings, it pings itself."
                : "A process of which one event loop hangs serves some clients and not others. The program's ping proves that all of "
                    + "them run; without it for that long, systemd aborts the process and starts the next."
        )
    }

    private static func running(_ unit: inout UnitWriter, _ plan: UnitsPlan) {
        if plan.hasControlSocket { watchdog(&unit, plan) }
        unit.set(
            "NonBlocking",
            "yes",
            because: "O_NONBLOCK belongs to the open socket that all generations share: set once, by its holder."
        )
        unit.set(
            "Restart",
            "always",
            because:
                "always, not on-failure: whatever the reason for the exit, a waiting connection would start the service again at "
                + "once. Only the pause of Restart= keeps a program that exits from spinning the CPU."
        )
        unit.set("RestartSec", "100ms")
        if plan.systemd >= 254 {
            unit.set(
                "RestartMode",
                "direct",
                because:
                    "A restart by Restart= does not pass through \"failed\" or \"inactive\", so units that depend on this one stay "
                    + "as they are."
            )
        }
        let lameDuck = plan.lameDuckSeconds > 0 ? "the lame duck (\(plan.lameDuckSeconds) s) and " : ""
        unit.set(
            "TimeoutStopSec",
            plan.stopSeconds,
            because:
                "More than \(lameDuck)a drain may take (\(plan.drainSeconds) s): the program ends by itself and says what it cut."
                + (plan.kind == .supervised
                    ? " There is no KillMode=mixed: the supervisor can be killed, too, and then that would kill its workers at once."
                    : "")
        )
        unit.set("LimitNOFILE", 65536, because: "One descriptor for each connection; the default soft limit is 1024.")
        if let most = plan.memoryMax {
            unit.set(
                "MemoryMax",
                most,
                because:
                    "Beyond it the kernel kills the process, and the next one starts. In a restart two generations share it, unless "
                    + "the old one has a scope of its own."
            )
        }
    }
}
