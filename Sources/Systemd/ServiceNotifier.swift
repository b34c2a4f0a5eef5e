internal import CSystemd
public import SystemPackage

/// What came of telling the service manager something.
public enum NotifyOutcome: Sendable, Hashable {
    /// The service manager's socket has taken it. What the manager makes of it, it does not say.
    case sent
    /// `NOTIFY_SOCKET` was not set, or this was built without libsystemd: nobody is told, and nothing is wrong.
    case nobodyToTell
    /// There is somebody to tell and it did not work: `Errno.timedOut` if the manager does not read, `Errno.notPermitted`
    /// to speak for a process of somebody else's.
    case failed(Errno)
}

/// Tells the service manager how this service is: sd_notify(3).
///
/// Thread-safe. No call waits longer than ``timeLimit``, but for ``barrier(within:)``, which has a limit of its own, and where the
/// manager has a `vsock:` address: there libsystemd sends, which knows no limit. Children do not inherit `NOTIFY_SOCKET` once it has
/// been taken.
public struct ServiceNotifier: Sendable {
    private enum Manager: Sendable {
        case nobody
        case socket(address: String)
        case closure(@Sendable (String) -> NotifyOutcome)
    }

    private let manager: Manager

    /// How long a call may wait while the service manager's queue is full, as when it does not read.
    public var timeLimit: Duration = .seconds(1)

    /// A notifier that speaks to the socket at `address`, or to nobody.
    package init(connectedTo address: String?) {
        manager = address.map { .socket(address: $0) } ?? .nobody
    }

    /// A notifier that calls `manager` with the text of each message.
    package init(telling manager: @escaping @Sendable (String) -> NotifyOutcome) {
        self.manager = .closure(manager)
    }

    /// Whether there is somebody to tell.
    package var isConnected: Bool {
        if case .nobody = manager { false } else { true }
    }

    /// Takes `NOTIFY_SOCKET` out of the environment. Call it before other threads exist.
    ///
    /// It may be the path of a UNIX socket, an abstract one (`@name`), or a `vsock:` address as far as the installed
    /// libsystemd knows these (254). Calling it again is harmless: the process has one service manager, and every notifier
    /// speaks to it.
    ///
    /// - Returns: A notifier; where nobody is to be told, each call says so.
    public static func take() -> ServiceNotifier {
        ServiceNotifier(connectedTo: csystemd_take_notify_socket().map { String(cString: $0) })
    }

    /// A notifier that tells the same manager, but only while somebody says so; else there is nobody to tell.
    package func gated(by isOpen: @escaping @Sendable () -> Bool) -> ServiceNotifier {
        let notifier = self
        return ServiceNotifier { text in
            isOpen() ? notifier.send(text, onBehalfOf: nil, descriptors: []) : .nobodyToTell
        }
    }

    /// Whether this was built with libsystemd: without it, nobody is told, and `LISTEN_FDS` is not read.
    package static var isBuiltIn: Bool { csystemd_is_built_in() != 0 }

    /// Sends a notification. The C function is `sd_pid_notify_with_fds`.
    ///
    /// - Parameters:
    ///   - notification: What to tell.
    ///   - pid: For which process of the service; nil is this one. Another one takes privileges (`CAP_SYS_ADMIN`).
    /// - Returns: Whether it was sent.
    @discardableResult
    public func send(_ notification: ServiceNotification, onBehalfOf pid: CInt? = nil) -> NotifyOutcome {
        send(notification.text, onBehalfOf: pid, descriptors: [])
    }

    /// Waits until the service manager has read everything this process has sent: `sd_notify_barrier` (246).
    ///
    /// For a process about to exit whose last word counts: the manager may not know any more whose it was.
    ///
    /// - Parameter limit: How long to wait at most.
    /// - Returns: ``NotifyOutcome/sent`` when everything has been read; `Errno.timedOut` when that was not so in time.
    public func barrier(within limit: Duration) -> NotifyOutcome {
        let pipe: Pipe
        do { pipe = try Pipe() } catch { return .failed(error) }
        let deadline = ContinuousClock.Instant.after(limit)
        let outcome = pipe.writer.withDescriptor {
            waiting(until: deadline).send("BARRIER=1", onBehalfOf: nil, descriptors: [$0])
        }
        guard outcome == .sent else { return outcome }
        return switch pipe.closingWriter().waitForHangUp(within: deadline - .now) {
        case .success(true): .sent
        case .success(false): .failed(.timedOut)
        case .failure(let errno): .failed(errno)
        }
    }

    /// The same notifier with another limit.
    func waiting(until deadline: ContinuousClock.Instant) -> ServiceNotifier {
        var notifier = self
        notifier.timeLimit = deadline - .now
        return notifier
    }

    /// Passes on what another process has said: assignments, one a line, and descriptors, which stay the caller's.
    ///
    /// - Parameter limit: How long to wait at most.
    package func forward(_ state: String, descriptors: [CInt], within limit: Duration) -> NotifyOutcome {
        var notifier = self
        notifier.timeLimit = limit
        return notifier.send(state, onBehalfOf: nil, descriptors: descriptors)
    }

    /// Sends assignments, one a line, and descriptors, which stay the caller's.
    func send(_ state: String, onBehalfOf pid: CInt?, descriptors: [CInt]) -> NotifyOutcome {
        let address: String
        switch manager {
        case .nobody: return .nobodyToTell
        case .closure(let manager): return manager(state)
        case .socket(let socket): address = socket
        }
        let result = csystemd_notify(
            address,
            pid ?? 0,
            state,
            descriptors,
            UInt32(descriptors.count),
            timeLimit.boundedMilliseconds
        )
        return switch result {
        case 0: .nobodyToTell
        case ..<0: .failed(Errno(rawValue: -result))
        default: .sent
        }
    }
}
