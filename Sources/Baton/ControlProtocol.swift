/// What is said on a service's control socket: one line to ask, one to answer, then the connection is closed.
///
/// The socket is in the unit's `RuntimeDirectory=`, where only the service's user and root can reach it.
package enum ControlProtocol {
    /// The name of the socket in the runtime directory.
    package static let socketName = "control"
    /// The name of the socket of a manager of generations, whose programs may have the one above.
    package static let managerSocketName = "baton-run"
    /// The longest question.
    package static let longestLine = 4096
    /// The longest answer.
    package static let longestAnswer = 1 << 20
    /// Asks the program to re-read what it can.
    package static let reload = "reload"
    /// Asks the manager of generations for a new one; answered when that serves.
    package static let restart = "restart"
    /// The same; answered when all older ones have ended, too.
    package static let restartUntilDrained = "restart drained"
    /// Asks the manager of generations how it is.
    package static let status = "status"

    /// What is answered.
    package enum Answer: Hashable, Sendable {
        /// It is done.
        case done
        /// What was asked for: a line.
        case said(String)
        /// It has failed, and why.
        case failed(String)

        /// As a line, without its end.
        package var line: String {
            switch self {
            case .done: "ok"
            case .said(let text): "ok \(Self.line(text))"
            case .failed(let reason): "failed \(Self.line(reason))"
            }
        }

        private static func line(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

        /// - Parameter line: A line, without its end; nil is returned for one that is no answer.
        package init?(line: String) {
            if line == "ok" {
                self = .done
            } else if line.hasPrefix("ok ") {
                self = .said(String(line.dropFirst("ok ".count)))
            } else if line.hasPrefix("failed ") {
                self = .failed(String(line.dropFirst("failed ".count)))
            } else {
                return nil
            }
        }
    }

    /// Where the socket is, according to `RUNTIME_DIRECTORY` (systemd.exec(5)); nil without a `RuntimeDirectory=`.
    ///
    /// - Parameter variable: The variable's value: directories, separated by colons.
    /// - Parameter name: The name of the socket.
    package static func path(inRuntimeDirectory variable: String?, named name: String = socketName) -> String? {
        guard let first = variable?.split(separator: ":").first else { return nil }
        return "\(first)/\(name)"
    }

    /// Where the socket of a manager is that has no runtime directory.
    package static func path(besidePIDFile path: String) -> String {
        // An @ at the beginning would make it a name in Linux' abstract namespace.
        "\(path.hasPrefix("@") ? "./" : "")\(path).\(socketName)"
    }
}
