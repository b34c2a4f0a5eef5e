internal import Systemd

/// Moves the workers of a service that is being restarted to a scope of their own, where they drain as long as they need,
/// while systemd goes on with the restart.
struct ScopedDrain {
    /// How long the scope may live.
    var limit = Duration.seconds(45)
    /// How many such scopes of the service there may be.
    var mostScopes = 16
    /// How long all that is asked of systemd may take.
    var patience = Duration.seconds(5)

    /// Does it.
    ///
    /// - Parameter environment: That of this process.
    /// - Returns: What there is to say; nil if there was nothing to do.
    /// - Throws: ``Refusal`` if this process is no `ExecStop=`.
    func run(environment: (String) -> String?) throws(Refusal) -> String? {
        guard environment("MAINPID") != nil else {
            // The main process has ended by itself, and this is not about a restart.
            if environment("SERVICE_RESULT") != nil { return nil }
            throw Refusal("MAINPID is not set; this runs as a command of ExecStop= of a service, see --help")
        }
        do {
            guard ControlGroup.isUnified else {
                return "draining in place: /sys/fs/cgroup is not of version 2 alone, which this needs"
            }
            guard let group = try ControlGroup.own()?.withoutControl, group.isOfService else {
                let path = try ControlGroup.own()?.path ?? "none of version 2"
                throw Refusal(
                    "the cgroup of this process is no service's, but \(path); it runs as ExecStop= of a service"
                )
            }
            return try move(in: group)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            return "draining in place: \(error)"
        }
    }

    private func move(in group: ControlGroup) throws -> String? {
        let manager = try ServiceManager(within: patience)
        let service = try StoppedService(group: group, manager: manager)
        // Also for try-restart, and when a unit that this one requires is restarted. It is `stop` for everything else.
        guard try service.jobType(manager) == "restart" else { return nil }
        guard let first = try service.draining(manager) else { return nil }
        let name = String(service.name.dropLast(".service".count))
        // In a pattern, a backslash takes the meaning from what follows it.
        let pattern = "\(name)-drain-*.scope".split(separator: "\\", omittingEmptySubsequences: false).joined(
            separator: "\\\\"
        )
        let count = try manager.countUnits(matching: pattern)
        guard count < mostScopes else {
            return "draining in place: scopes \(name)-drain-PID.scope are \(count) already, and "
                + "--most-scopes is \(mostScopes)"
        }
        let stopTimeout = Duration.microseconds(
            Int64(clamping: try manager.number("TimeoutStopUSec", .service, of: service.unit))
        )
        var scope = TransientScope(
            name: "\(name)-drain-\(first.worker.pid).scope",
            description: "\(service.name): the generation of process \(first.worker.pid) drains",
            slice: try manager.text("Slice", .service, of: service.unit),
            limit: limit,
            stopTimeout: min(stopTimeout, limit),
            lender: service.unit
        )
        let (job, moved) = try start(&scope, with: first, of: service, manager)
        let result = try manager.wait(for: job)
        guard result == "done" else {
            return "draining in place: systemd did not start \(scope.name): \(result)"
        }
        let said =
            "\(service.name) restarts: \(moved.text) moved to \(scope.name), to end within "
            + "\(limit.components.seconds) s"
        do {
            try attachStrays(to: scope, of: service, manager)
        } catch {
            return "\(said); what they have started meanwhile drains in place: \(error)"
        }
        return said
    }

    /// Starts the scope. One process that has ended meanwhile makes systemd refuse them all.
    private func start(
        _ scope: inout TransientScope,
        with first: DrainingProcesses,
        of service: StoppedService,
        _ manager: borrowing ServiceManager
    ) throws -> (job: String, moved: DrainingProcesses) {
        var processes = first
        while true {
            do {
                return (try manager.start(scope, with: processes.pids), processes)
            } catch {
                guard let now = try service.draining(manager), now.pids != processes.pids else { throw error }
                processes = now
            }
        }
    }

    /// Moves what has been forked by processes that were not moved yet, until there is none.
    private func attachStrays(
        to scope: TransientScope,
        of service: StoppedService,
        _ manager: borrowing ServiceManager
    ) throws {
        while let strays = try service.draining(manager) {
            do {
                try manager.attach(strays.pids, to: scope)
            } catch {
                guard try service.draining(manager) != strays else { throw error }
            }
        }
    }
}
