extension Server {
    /// Runs `systemctl VERB` on the service; it must succeed.
    public func systemctl(_ verb: String, seconds: Int = 60) async throws {
        try await machine.check("systemctl", verb, service, seconds: seconds)
    }

    /// Sends a signal to the main process.
    public func kill(_ signal: String) async throws {
        try await machine.check("systemctl", "kill", "--signal=\(signal)", "--kill-whom=main", service)
    }

    /// A property of the service: `systemctl show -P NAME`.
    public func property(_ name: String) async throws -> String {
        try await machine.check("systemctl", "show", "-P", name, service)
    }

    /// The main process, in the machine's own numbers; nil when there is none.
    public func mainPID() async throws -> Int32? {
        guard let pid = Int32(try await property("MainPID")), pid > 0 else { return nil }
        return pid
    }

    /// Waits until a property of the service has a value.
    ///
    /// - Throws: ``MachineError`` with the value it has, if that was not so in time.
    public func wait(for name: String, toBe value: String, seconds: Int = 30) async throws {
        try await waitForProperty(name, seconds: seconds) { $0 == value }
    }

    /// Waits until a property of the service has a value that will do.
    ///
    /// - Parameters:
    ///   - name: As `systemctl show` has it.
    ///   - seconds: How long to wait at most.
    ///   - isRight: Whether a value will do.
    /// - Returns: The value.
    /// - Throws: ``MachineError`` with the value it has, if none would do in time.
    @discardableResult
    public func waitForProperty(
        _ name: String,
        seconds: Int = 30,
        isRight: (String) -> Bool
    ) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var last = ""
        while ContinuousClock.now < deadline {
            last = try await property(name)
            if isRight(last) { return last }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw MachineError("\(service): waited \(seconds) s for another value of \(name) than '\(last)'")
    }
}
