import Systemd

/// One rollover, from the start of the other instance to the end of the one that served.
struct Rollover {
    /// It has not come to its end.
    struct Failed: Error, CustomStringConvertible {
        let description: String
        /// Whether the old one serves as before.
        let isRolledBack: Bool
    }

    /// What makes it fail, before anything is done about it.
    private struct Trouble: Error {
        let reason: String
    }

    let pair: InstancePair
    let manager: InstanceManager
    let started: StartedInstance
    let check: any InstanceCheck
    /// For how long both serve.
    let canary: Duration
    let say: (String) -> Void

    private static let pause = Duration.milliseconds(100)
    /// How long the first answer of the new one is waited for.
    private static let patience = Duration.seconds(10)

    private var old: UnitName { pair.serving }
    private var new: UnitName { pair.other }

    func run() async throws {
        let signals = StopSignals()
        defer { signals.end() }
        let (isInterrupted, received) = (Interruption(), signals.received)
        let watch = Task { for await _ in received { isInterrupted.set() } }
        defer { watch.cancel() }
        if pair.isOtherUp {
            say("\(new) runs beside \(old), left there by a rollover that was interrupted; stopping it first")
            try manager.stop(new)
        }
        var isSwitched = false
        do {
            say(pair.isServingUp ? "\(old) serves; starting \(new)" : "neither runs; starting \(new)")
            try await start(isInterrupted)
            try await compare(isInterrupted)
            if isInterrupted.isSet { throw Trouble(reason: "interrupted") }
            isSwitched = true
            try switchOver(to: new)
            try await finish()
        } catch {
            try rollBack("\((error as? Trouble)?.reason ?? "\(error)")", isSwitched: isSwitched)
        }
    }

    private func start(_ interruption: Interruption) async throws {
        try manager.begin(new)
        while true {
            let state = try manager.state(of: new)
            if state.restarts > 0 || state.active == "failed" || state.active == "inactive" && !state.isJobWaiting {
                throw Trouble(reason: "\(new) did not become ready\(state.why): journalctl -u \(new)")
            }
            if state.active == "active" { return say("\(new) is ready, process \(state.pid)") }
            try await pause(interruption)
        }
    }

    /// Both serve, and the new one has to be well for a while.
    private func compare(_ interruption: Interruption) async throws {
        let end = ContinuousClock.now + canary
        var answers = InstanceAnswers()
        repeat {
            answers = answers + (try await examine())
            if ContinuousClock.now < end || answers.counted == 0 { try await pause(interruption) }
        } while ContinuousClock.now < end || answers.counted == 0 && ContinuousClock.now < end + Self.patience
        guard answers.counted > 0 else {
            throw Trouble(
                reason:
                    "none of \(answers.others) answers came from \(new): it does not accept from \(pair.socketNames)"
            )
        }
        say("\(new) is well: \(answers.text)")
    }

    private func examine() async throws -> InstanceAnswers {
        let state = try manager.state(of: new)
        guard state.active == "active", state.restarts == 0 else {
            throw Trouble(reason: "\(new) has failed\(state.why): journalctl -u \(new)")
        }
        let inGroup = (try? ControlGroup(path: state.group).processes()) ?? []
        let answers = try await check.ask(Set(inGroup + [state.pid]), of: new)
        if let complaint = answers.complaint { throw Trouble(reason: complaint) }
        return answers
    }

    /// Connections start this one from now on.
    private func switchOver(to unit: UnitName) throws {
        try started.write(unit)
        try manager.reload(started.sockets, starting: unit)
        if pair.isEnabled { try manager.enable(unit, insteadOf: unit == new ? old : new) }
    }

    private func finish() async throws {
        guard pair.isServingUp else { return say("\(new) serves") }
        let began = ContinuousClock.now
        try manager.stop(old)
        let taken = (ContinuousClock.now - began).inSeconds
        _ = try await examine()
        let result = try manager.state(of: old).result
        if result != "success" {
            say("\(old) did not end well (Result=\(result)), so requests may have been cut: journalctl -u \(old)")
            try manager.forgetFailure(of: old)
        }
        say("\(new) serves alone: \(old) has drained and stopped in \(NumberText.seconds(taken))")
    }

    private func rollBack(_ reason: String, isSwitched: Bool) throws {
        do {
            if pair.isServingUp, try manager.state(of: old).active != "active" { try manager.start(old) }
            if isSwitched { try switchOver(to: old) }
            try manager.stop(new)
            try manager.forgetFailure(of: new)
        } catch {
            throw Failed(
                description:
                    "\(reason); and that could not be undone: \(error). See that \(old) serves (systemctl start "
                    + "\(old)), and stop \(new)",
                isRolledBack: false
            )
        }
        let end = pair.isServingUp ? "\(old) serves as before" : "neither runs, as before"
        throw Failed(description: "\(reason); rolled back: \(end)", isRolledBack: true)
    }

    private func pause(_ interruption: Interruption) async throws {
        try await Task.sleep(for: Self.pause)
        if interruption.isSet { throw Trouble(reason: "interrupted") }
    }
}
