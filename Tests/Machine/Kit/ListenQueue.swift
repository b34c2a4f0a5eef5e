public import SystemdTestKit

/// A listening socket of the machine, as ss(8) shows it.
public struct ListenQueue: Sendable {
    /// Connections that wait to be accepted.
    public let waiting: Int
    /// How many may wait: the backlog as the kernel has it.
    public let limit: Int
}

extension Machine {
    /// The listening socket at a TCP port; nil if nobody listens.
    public func listenQueue(port: UInt16) async throws -> ListenQueue? {
        try Self.queue(try await check("ss", "-Hltn", "sport = :\(port)"))
    }

    /// The listening socket at a UNIX path; nil if nobody listens.
    public func listenQueue(path: String) async throws -> ListenQueue? {
        try Self.queue(try await check("ss", "-Hlx", "src", path))
    }

    private static func queue(_ output: String) throws -> ListenQueue? {
        guard !output.isEmpty else { return nil }
        // [Netid] State Recv-Q Send-Q …: of a listening socket these are its queue and the limit of it.
        let words = output.split(separator: " ")
        guard let state = words.firstIndex(of: "LISTEN"), words.count > state + 2, let waiting = Int(words[state + 1]),
            let limit = Int(words[state + 2])
        else { throw MachineError("ss wrote: \(output)") }
        return ListenQueue(waiting: waiting, limit: limit)
    }
}

extension Machine {
    /// Waits until a connection to this port exists and has been accepted.
    public func waitForConnection(to port: UInt16) async throws {
        try await waitUntil { try await !check("ss", "-Htn", "state", "established", "sport = :\(port)").isEmpty }
        try await waitForEmptyBacklog(of: port)
    }

    /// Waits until no connection to this port waits to be accepted.
    public func waitForEmptyBacklog(of port: UInt16) async throws {
        try await waitUntil { try await listenQueue(port: port)?.waiting == 0 }
    }
}
