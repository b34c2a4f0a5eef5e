/// One message to the service manager: at most one state word, and what else goes with it. See sd_notify(3).
///
///     try notifier.send(.ready.status("serving 12 virtual hosts"))
///
/// What systemd would misread can not be written down: there is one state word at most, because of two in a message the
/// manager picks one, and which depends on its version; values that cannot be in a message are refused with a
/// ``NotificationError``. Unless something else is said, all versions of systemd from 233 on know an assignment; older
/// managers ignore what they do not know.
///
/// `FDSTORE=1` is sent by ``FDStore``, `BARRIER=1` by ``ServiceNotifier/barrier(within:)``.
public struct ServiceNotification: Sendable, Hashable {
    private enum State: Hashable {
        case ready
        case reloading(since: UInt64)
        case stopping
    }

    enum Name: String, Hashable {
        case watchdog = "WATCHDOG"
        case status = "STATUS"
        case errno = "ERRNO"
        case busError = "BUSERROR"
        case varlinkError = "VARLINKERROR"
        case exitStatus = "EXIT_STATUS"
        case mainPID = "MAINPID"
        case mainPIDFDID = "MAINPIDFDID"
        case access = "NOTIFYACCESS"
        case watchdogTimeout = "WATCHDOG_USEC"
        case extendTimeout = "EXTEND_TIMEOUT_USEC"
        case restartReset = "RESTART_RESET"
    }

    private struct Assignment: Hashable {
        var name: Name
        var value: String
    }

    private var state: State?
    /// One for each name, in the order in which they were first made.
    private var assignments: [Assignment] = []

    /// A message without a state word.
    public init() {}

    private init(state: State) {
        self.state = state
    }

    /// The message as it is sent: one assignment a line.
    package var text: String {
        var lines: [String] = []
        switch state {
        case .ready: lines.append("READY=1")
        case .reloading(let since): lines += ["RELOADING=1", "MONOTONIC_USEC=\(since)"]
        case .stopping: lines.append("STOPPING=1")
        case nil: break
        }
        lines += assignments.map { "\($0.name.rawValue)=\($0.value)" }
        return lines.joined(separator: "\n")
    }

    /// `READY=1`: start-up, or a reload, is finished; connections are accepted.
    public static var ready: ServiceNotification { ServiceNotification(state: .ready) }

    /// `RELOADING=1`, with the `MONOTONIC_USEC=` of now, without which `systemctl reload` of a `Type=notify-reload` unit
    /// (253) would wait in vain. ``ready`` must follow, also when the reload has failed.
    public static var reloading: ServiceNotification {
        ServiceNotification(state: .reloading(since: MonotonicTime.now()))
    }

    /// `STOPPING=1`: the service as a whole stops. Final from 259 on: do not send it from a generation that hands over.
    public static var stopping: ServiceNotification { ServiceNotification(state: .stopping) }

    /// The same message with this assignment, in the place of an earlier one of the name.
    func setting(_ name: Name, _ value: String) -> ServiceNotification {
        var copy = self
        if let position = copy.assignments.firstIndex(where: { $0.name == name }) {
            copy.assignments[position].value = value
        } else {
            copy.assignments.append(Assignment(name: name, value: value))
        }
        return copy
    }
}
