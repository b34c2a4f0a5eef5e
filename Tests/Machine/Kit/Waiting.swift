public import SystemdTestKit

extension Machine {
    /// Waits until something is so; asks again and again, for 20 s at most.
    public func waitUntil(
        line: Int = #line,
        file: String = #fileID,
        _ isSo: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else {
                throw MachineError("\(file):\(line): waited 20 s in vain")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension Server {
    /// Connects to the port of the socket unit.
    public func connect(receiveBuffer: CInt? = nil) async throws -> Connection {
        try await Connection.open(to: units.port, in: machine, receiveBuffer: receiveBuffer)
    }

    /// Waits until all that clients have sent has been read: until requests that came later have been answered, on each event loop.
    public func waitUntilRead() async throws {
        for connection in try await Connection.open(8, to: units.port, in: machine) {
            guard try await connection.get("/") != nil else { throw ConnectionError.truncated }
        }
    }

    /// Waits until the service has ended, and its unit says so.
    public func waitUntilInactive() async throws {
        try await wait(for: "ActiveState", toBe: "inactive")
    }
}
