internal import CSystemd
public import SystemPackage

/// What came of telling the service manager something.
public enum NotifyOutcome: Sendable, Hashable {
    /// The service manager's socket has taken it.
    case sent
    /// `NOTIFY_SOCKET` was not set: there is nobody to tell, and nothing is wrong.
    case nobodyToTell
    /// There is somebody to tell and it did not work.
    case failed(Errno)
}

/// Tells the service manager how this service is, by `sd_pid_notify(3)`.
///
/// Thread-safe. Children do not inherit `NOTIFY_SOCKET` once it has been taken.
public struct ServiceNotifier: Sendable {
    private let state: @Sendable (String) -> NotifyOutcome

    package init(send state: @escaping @Sendable (String) -> NotifyOutcome) {
        self.state = state
    }

    /// Takes `NOTIFY_SOCKET` out of the environment. Call it before other threads exist.
    ///
    /// Calling it again is harmless: the process has one service manager, and every notifier speaks to it.
    ///
    /// - Returns: A notifier; where nobody is to be told, each call says so.
    public static func take() -> ServiceNotifier {
        let taken = csystemd_take_notify_socket()
        guard taken >= 0 else { return ServiceNotifier { _ in .failed(Errno(rawValue: -taken)) } }
        return ServiceNotifier { state in
            switch csystemd_notify(state) {
            case 0: .nobodyToTell
            case let error where error < 0: .failed(Errno(rawValue: -error))
            default: .sent
            }
        }
    }

    /// `READY=1`: start-up is finished, connections are accepted.
    ///
    /// - Parameter status: What `systemctl status` shows; line ends become spaces.
    /// - Returns: Whether it was sent.
    public func ready(status: String) -> NotifyOutcome {
        state("READY=1\nSTATUS=\(Self.oneLine(status))")
    }

    /// `STOPPING=1`: the service as a whole stops. Final: do not send it from a generation that hands over to another.
    ///
    /// - Parameter status: What `systemctl status` shows; line ends become spaces.
    /// - Returns: Whether it was sent.
    public func stopping(status: String) -> NotifyOutcome {
        state("STOPPING=1\nSTATUS=\(Self.oneLine(status))")
    }

    /// `STATUS=`: one line for people, in `systemctl status`.
    ///
    /// - Parameter status: The line; line ends in it become spaces.
    /// - Returns: Whether it was sent.
    public func status(_ status: String) -> NotifyOutcome {
        state("STATUS=\(Self.oneLine(status))")
    }

    /// In the protocol a line end separates assignments, so a value must not have one.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
