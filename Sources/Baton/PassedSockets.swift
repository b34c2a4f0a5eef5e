internal import Systemd

/// Sockets as a program is given them, in both worlds at once: systemd's `LISTEN_FDS` and Server::Starter's
/// `SERVER_STARTER_PORT`.
///
/// Both name the same descriptors, so that a program may read either.
package struct PassedSockets: Sendable {
    /// One socket; the descriptor stays its owner's.
    package struct Entry: Sendable, Hashable {
        /// The descriptor in this process.
        package var descriptor: CInt
        /// Its name in `LISTEN_FDNAMES`, `FileDescriptorName=` of a socket unit.
        package var name: String
        /// Its name in `SERVER_STARTER_PORT`: the port, `host:port` or path; nil for what Server::Starter does not know, as
        /// stored descriptors.
        package var serverStarterName: String?
        /// The number that the program wants it to have in Server::Starter's world (`--port 8080=5`), too; nil for any.
        package var number: CInt?

        package init(descriptor: CInt, name: String, serverStarterName: String?, number: CInt? = nil) {
            self.descriptor = descriptor
            self.name = name
            self.serverStarterName = serverStarterName
            self.number = number
        }
    }

    /// What the protocol of `LISTEN_FDS` begins with.
    private static let first: CInt = 3

    /// Which descriptor becomes which.
    package let descriptors: [(source: CInt, target: CInt)]
    /// The variables that tell of them. `LISTEN_PID` is to be added: it is the number of the new process.
    package let environment: [String: String]

    /// - Parameter entries: The sockets, in the order in which the program is to have them.
    package init(_ entries: [Entry]) {
        let end = Self.first + CInt(entries.count)
        // From 3 on without a gap; who wants a number among these gets it.
        var places = [Int?](repeating: nil, count: entries.count)
        for (index, entry) in entries.enumerated() {
            guard let number = entry.number, (Self.first..<end).contains(number) else { continue }
            places[Int(number - Self.first)] = index
        }
        let settled = Set(places.compactMap { $0 })
        var others = entries.indices.filter { !settled.contains($0) }[...]
        let order = places.map { $0 ?? others.removeFirst() }

        var descriptors = order.enumerated().map { place, index in
            (source: entries[index].descriptor, target: Self.first + CInt(place))
        }
        var ports: [String] = []
        for (index, entry) in entries.enumerated() {
            guard let place = order.firstIndex(of: index) else { continue }
            if let number = entry.number, !(Self.first..<end).contains(number) {
                descriptors.append((source: entry.descriptor, target: number))
            }
            guard let name = entry.serverStarterName else { continue }
            ports.append("\(name)=\(entry.number ?? Self.first + CInt(place))")
        }
        self.descriptors = descriptors
        // SERVER_STARTER_PORT is set in any case: without a port, it is empty.
        var environment = [ServerStarter.variable: ports.joined(separator: ";")]
        if !entries.isEmpty {
            environment["LISTEN_FDS"] = "\(entries.count)"
            environment["LISTEN_FDNAMES"] = order.map { entries[$0].name }.joined(separator: ":")
        }
        self.environment = environment
    }

    /// The variables that pass sockets, whoever has set them: no child of ours inherits them.
    package static let variables = [
        "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID", ServerStarter.variable,
        ServerStarter.generationVariable,
    ]
}
