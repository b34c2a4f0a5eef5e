internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The manager that has started this process, `baton run`: it has connections brought from one of its generations to the next.
package enum OwnManager {
    /// The number of the manager's process.
    package static let variable = "BATON_MANAGER"

    /// Takes the variable out of the environment. Call it before other threads exist.
    ///
    /// - Returns: Whether this process is the child of the manager that is named: the variable may come from further up, and then the
    ///   service manager is another one.
    static func take() -> Bool {
        guard let value = environmentValue(variable) else { return false }
        unsetenv(variable)
        return value == "\(getppid())"
    }
}
