/// What is so in the running system, whatever the files say.
enum LiveChecks {
    static func findings(_ examination: Examination) -> [Finding] {
        guard let live = examination.live else { return [] }
        let units = [examination.service] + examination.sockets
        return examination.sockets.flatMap { socket in
            [inactive(socket, live)].compactMap(\.self) + backlogs(socket, live)
        } + units.compactMap { daemonReload($0, live) } + leftovers(examination, live)
            + [storeFull(examination, live), notEnabled(units, live)].compactMap(\.self)
    }

    private static func inactive(_ socket: Unit, _ live: LiveState) -> Finding? {
        guard let state = live.property("ActiveState", of: socket.name), state != "active" else { return nil }
        let result = live.property("Result", of: socket.name) ?? ""
        let isFailed = state == "failed"
        return Finding(
            .socketInactive,
            socket,
            "is \(state)\(isFailed ? " (\(result))" : ""): clients are refused when the service does not run",
            run: (isFailed ? "systemctl reset-failed \(socket.name); " : "") + "systemctl start \(socket.name)",
            source: "systemctl(1); systemd.socket(5)"
        )
    }

    private static func backlogs(_ socket: Unit, _ live: LiveState) -> [Finding] {
        let told = socket.number(.backlog) ?? .max
        let most = live.mostWaiting ?? .max
        var found: [Finding] = []
        if told > most, socket.last(.backlog) != nil {
            found.append(
                Finding(
                    .backlogCut,
                    socket,
                    "Backlog=\(told), and the kernel cuts it to net.core.somaxconn, which is \(most): a connection beyond it "
                        + "is answered only after a retransmit of a second or more",
                    run: "sysctl -w net.core.somaxconn=\(told); systemctl restart \(socket.name)",
                    source: "listen(2); systemd.socket(5), Backlog="
                )
            )
        }
        // "[::]:8080 (Stream)"
        let addresses = (live.properties[socket.name]?["Listen"] ?? []).filter {
            $0.hasSuffix(" (Stream)") || $0.hasSuffix(" (SequentialPacket)")
        }.map { $0.prefix { $0 != " " } }
        for address in addresses {
            // Several, if each has SO_REUSEPORT: the least counts.
            let listening = (live.listeners ?? []).filter { $0.address == address }
            guard let limit = listening.map(\.limit).min(), limit < min(told, most) else { continue }
            found.append(
                Finding(
                    .backlogInForce,
                    socket,
                    "of \(address), the kernel lets \(limit) connections wait, and it is to be \(min(told, most)): a program "
                        + "has called listen(2) itself, or the unit has changed since the socket was opened",
                    run: "systemctl restart \(socket.name)",
                    source: "listen(2); sock_diag(7)"
                )
            )
        }
        return found
    }

    private static func daemonReload(_ unit: Unit, _ live: LiveState) -> Finding? {
        guard live.property("NeedDaemonReload", of: unit.name) == "yes" else { return nil }
        return Finding(
            .daemonReload,
            unit,
            "its files have changed, and systemd goes on by what they were",
            run: "systemctl daemon-reload",
            source: "systemctl(1), daemon-reload"
        )
    }

    private static func leftovers(_ examination: Examination, _ live: LiveState) -> [Finding] {
        live.leftovers.map { leftover in
            let age = "\(leftover.age.components.seconds) s"
            // With a moment to end in.
            let isOld = TimeSpan.finite(leftover.age) > examination.sufficientStopTimeout
            return Finding(
                isOld ? .oldGeneration : .draining,
                examination.service,
                "\(leftover.name) of an earlier generation has drained for \(age), of the \(examination.drain.limit.text) "
                    + "that a drain may take",
                run: isOld ? leftover.command : nil,
                source: "systemd.scope(5); systemd.kill(5)"
            )
        }
    }

    private static func storeFull(_ examination: Examination, _ live: LiveState) -> Finding? {
        let service = examination.service
        guard let used = live.property("NFileDescriptorStore", of: service.name).flatMap({ Int($0) }),
            let room = live.property("FileDescriptorStoreMax", of: service.name).flatMap({ Int($0) }), room > 0,
            used >= room
        else { return nil }
        return Finding(
            .storeFull,
            service,
            "\(used) of \(room) places in systemd's descriptor store are taken: at the next restart connections are closed, "
                + "as there is no room for them",
            write: "FileDescriptorStoreMax=\(room * 2)",
            at: service.last(.fileDescriptorStoreMax),
            source: "systemd.service(5), FileDescriptorStoreMax="
        )
    }

    private static func notEnabled(_ units: [Unit], _ live: LiveState) -> Finding? {
        let states = units.compactMap { live.property("UnitFileState", of: $0.name) }
        guard let socket = units.last, !states.isEmpty, states.allSatisfy({ $0 == "disabled" }) else { return nil }
        return Finding(
            .notEnabled,
            socket,
            "nothing of this is enabled: after a boot nobody listens",
            run: "systemctl enable \(socket.name)",
            source: "systemctl(1), enable"
        )
    }
}
