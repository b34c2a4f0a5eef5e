/// A drop-in: what an administrator adds to a unit.
public struct DropIn: Sendable {
    enum Unit: Sendable {
        case socket
        case service
    }

    let unit: Unit
    let text: String

    /// A drop-in for the socket unit.
    public static func socket(_ text: String) -> DropIn {
        DropIn(unit: .socket, text: text)
    }

    /// A drop-in for the service unit.
    public static func service(_ text: String) -> DropIn {
        DropIn(unit: .service, text: text)
    }

    /// A drop-in that replaces the service's command line.
    public static func command(_ line: String) -> DropIn {
        .service("[Service]\nExecStart=\nExecStart=\(line)\n")
    }
}
