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
    public func wait(for name: String, toBe value: String, seconds: Int = 30) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var last = ""
        while ContinuousClock.now < deadline {
            last = try await property(name)
            if last == value { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw MachineError("\(service): \(name) is \(last), not \(value), after \(seconds) s")
    }
}
