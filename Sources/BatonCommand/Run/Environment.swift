import Baton
import Glibc

/// The environment of this process.
enum Environment {
    /// All of it.
    static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let separator = line.firstIndex(of: "=") {
                variables[String(line[..<separator])] = String(line[line.index(after: separator)...])
            }
            entry += 1
        }
        return variables
    }

    /// What tells a process of its service manager and its sockets; each of our children is told something else.
    static let toldByManager = PassedSockets.variables + ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE"]
}
