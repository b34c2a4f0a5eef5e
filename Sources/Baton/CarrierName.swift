/// The name by which a carrier is stored, and passed to a process: `baton-carrier.SERVER.NUMBER`, or `baton-carrier.SERVER.direct` if
/// it is in no store.
///
/// SERVER is the name of the listen sockets that the connections came from: those of one server are never taken by another.
package struct CarrierName: Sendable, Hashable, CustomStringConvertible {
    private static let prefix = "baton-carrier."
    private static let direct = "direct"

    /// The name of the server's listen sockets.
    package let server: String
    /// Nil for a carrier that is in no store.
    private let number: Int?

    /// Whether it is in no store, but given by one process to the other.
    package var isDirect: Bool { number == nil }

    package var description: String { "\(Self.prefix)\(server).\(number.map(String.init) ?? Self.direct)" }

    /// A carrier that is in no store.
    package static func direct(server: String) -> CarrierName { CarrierName(server: server, number: nil) }

    /// A carrier that is to be stored, by a name that is not in use.
    package static func stored(server: String, namesInUse: Set<String>) -> CarrierName {
        var number = 1
        while namesInUse.contains(CarrierName(server: server, number: number).description) { number += 1 }
        return CarrierName(server: server, number: number)
    }

    private init(server: String, number: Int?) {
        self.server = server
        self.number = number
    }

    /// - Parameter name: The name of a descriptor; nil is returned if it is not that of a carrier.
    package init?(_ name: String) {
        guard name.hasPrefix(Self.prefix) else { return nil }
        let rest = name.dropFirst(Self.prefix.count)
        guard let dot = rest.lastIndex(of: "."), dot > rest.startIndex else { return nil }
        server = String(rest[..<dot])
        let end = rest[rest.index(after: dot)...]
        number = Int(end)
        guard end == Self.direct || (number ?? 0) > 0 else { return nil }
    }
}
