/// What the socket units say, and what the service says of them.
enum SocketChecks {
    static func findings(_ examination: Examination) -> [Finding] {
        guard !examination.sockets.isEmpty else { return [noSocket(examination)] }
        return examination.sockets.flatMap { socket in
            [
                notRequired(socket, examination), order(socket, examination), triggerLimit(socket),
                flushPending(socket), inRuntimeDirectory(socket, examination), removeOnStop(socket),
                backlogSmall(socket), maxConnections(socket),
            ].compactMap(\.self)
        }
    }

    private static func noSocket(_ examination: Examination) -> Finding {
        let service = examination.service
        return Finding(
            .noSocket,
            service,
            "no socket unit holds what it listens on: between two processes clients are refused",
            run: "baton units --name \(service.name.prefix) … (writes a pair of units)",
            source: "systemd.socket(5)"
        )
    }

    private static func notRequired(_ socket: Unit, _ examination: Examination) -> Finding? {
        // The instances of Accept=yes need none: the socket starts them.
        guard !socket.boolean(.accept), !depends([.requires, .bindsTo], on: socket, examination),
            !examination.service.requiredLinks.contains("\(socket.name)")
        else { return nil }
        return Finding(
            .socketNotRequired,
            examination.service,
            "does not require \(socket.name): `systemctl restart \(socket.name)` leaves the socket dead while the "
                + "service runs on, and then clients are refused",
            write: "Requires=\(socket.name)",
            in: "Unit",
            source: "systemd.unit(5), Requires="
        )
    }

    private static func order(_ socket: Unit, _ examination: Examination) -> Finding? {
        guard !socket.boolean(.accept), !depends([.after], on: socket, examination) else { return nil }
        return Finding(
            .socketOrder,
            examination.service,
            "is not ordered after \(socket.name) by itself, only by what systemd adds for the unit that the socket starts",
            write: "After=\(socket.name)",
            in: "Unit",
            source: "systemd.socket(5), Implicit Dependencies; systemd.unit(5), After="
        )
    }

    private static func depends(_ settings: [Setting], on socket: Unit, _ examination: Examination) -> Bool {
        settings.contains { setting in
            examination.service.words(setting, examination.specifiers).contains { $0.word == "\(socket.name)" }
        }
    }

    private static func triggerLimit(_ socket: Unit) -> Finding? {
        let normal = socket.boolean(.accept) ? 200 : 20
        let interval = socket.span(.triggerLimitInterval) ?? .finite(.seconds(2))
        let burst = socket.number(.triggerLimitBurst) ?? UInt32(normal)
        guard !interval.isZero, burst > 0 else { return nil }
        return Finding(
            .triggerLimit,
            socket,
            "after \(burst) starts of the service within \(interval.text) systemd closes the socket for good, and clients "
                + "are refused until somebody acts; RestartSec= of the service is the brake instead",
            write: "TriggerLimitIntervalSec=0",
            at: socket.last(.triggerLimitInterval),
            source: "systemd.socket(5), TriggerLimitIntervalSec="
        )
    }

    private static func flushPending(_ socket: Unit) -> Finding? {
        guard socket.boolean(.flushPending), !socket.boolean(.accept) else { return nil }
        return Finding(
            .flushPending,
            socket,
            "connections that wait are thrown away each time the service ends",
            write: "FlushPending=no",
            at: socket.last(.flushPending),
            source: "systemd.socket(5), FlushPending="
        )
    }

    private static func removeOnStop(_ socket: Unit) -> Finding? {
        guard socket.boolean(.removeOnStop), !paths(of: socket, Specifiers(name: socket.name)).isEmpty else {
            return nil
        }
        return Finding(
            .removeOnStop,
            socket,
            "when the socket unit is stopped its path is removed, though the service may still listen there",
            write: "RemoveOnStop=no",
            at: socket.last(.removeOnStop),
            source: "systemd.socket(5), RemoveOnStop="
        )
    }

    private static func inRuntimeDirectory(_ socket: Unit, _ examination: Examination) -> Finding? {
        let (service, specifiers) = (examination.service, examination.specifiers)
        let preserve = service.text(.runtimeDirectoryPreserve) ?? "no"
        guard UnitText.boolean(preserve) != true else { return nil }
        let folders = service.words(.runtimeDirectory, specifiers).map { entry in
            // From 249 on, links may follow behind a colon.
            "\(specifiers.runtimeDirectory)/\(entry.word.prefix { $0 != ":" })/"
        }
        let own = Specifiers(name: socket.name, runtimeDirectory: specifiers.runtimeDirectory)
        for (path, assignment) in paths(of: socket, own) {
            let real = path.hasPrefix("/var/run/") ? String(path.dropFirst("/var".count)) : path
            guard let folder = folders.first(where: real.hasPrefix) else { continue }
            let moment = preserve == "restart" ? "is stopped" : "stops, at each restart, too"
            return Finding(
                .socketInRuntimeDirectory,
                socket,
                "\(path) is in RuntimeDirectory= of \(service.name), which is deleted when that \(moment): the socket "
                    + "goes on, and nobody can reach it",
                write: "ListenStream=\(specifiers.runtimeDirectory)/\(path.split(separator: "/").last ?? "app.sock")",
                at: assignment,
                source: "systemd.exec(5), RuntimeDirectory= in \(folder)"
            )
        }
        return nil
    }

    private static func backlogSmall(_ socket: Unit) -> Finding? {
        guard let backlog = socket.number(.backlog), backlog < 128, !socket.boolean(.accept) else { return nil }
        return Finding(
            .backlogSmall,
            socket,
            "only \(backlog) connections may wait during a restart; one beyond them is answered after a retransmit of a "
                + "second or more",
            write: "Backlog=4096",
            at: socket.last(.backlog),
            source: "systemd.socket(5), Backlog=; listen(2)"
        )
    }

    private static func maxConnections(_ socket: Unit) -> Finding? {
        guard socket.boolean(.accept), socket.last(.maxConnections) == nil else { return nil }
        return Finding(
            .maxConnections,
            socket,
            "while 64 connections are served, the default, every other client is refused",
            write: "MaxConnections=256",
            source: "systemd.socket(5), MaxConnections="
        )
    }

    /// The paths of the UNIX sockets.
    private static func paths(of socket: Unit, _ specifiers: Specifiers) -> [(path: String, UnitFile.Assignment)] {
        [.listenStream, .listenSequentialPacket].flatMap { socket.all($0) }.map { assignment in
            (specifiers.resolve(assignment.value), assignment)
        }.filter { $0.0.hasPrefix("/") }
    }
}
