internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A process that a ``FakeServiceManager`` has started. Thread-safe. Killed with the last reference to it.
public final class ServiceProcess: Sendable {
    /// How it ended.
    public enum End: Sendable, Hashable {
        /// By itself, with this status.
        case exited(CInt)
        /// By a signal.
        case signaled(CInt)
    }

    /// Keeps signals from another process that gets the number.
    private final class Lifetime: Sendable {
        let pid: CInt
        private let isOver = Locked(false)

        init(_ pid: CInt) {
            self.pid = pid
        }

        func signal(_ number: CInt) {
            isOver.withLock { isOver in
                if !isOver { _ = kill(pid, number) }
            }
        }

        /// Waits for the end.
        func end() -> End {
            var information = siginfo_t()
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            var status: CInt = 0
            isOver.withLock { isOver in
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                isOver = true
            }
            // WIFEXITED(3) and its like are macros.
            let signal = status & 0x7f
            return signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
        }
    }

    private let lifetime: Lifetime
    private let waiting: Task<End, any Error>

    /// Its number.
    public var pid: CInt { lifetime.pid }

    init(pid: CInt) {
        let lifetime = Lifetime(pid)
        self.lifetime = lifetime
        waiting = Task { try await blocking { lifetime.end() } }
    }

    deinit {
        lifetime.signal(SIGKILL)
    }

    /// Sends it a signal; nothing happens if it has ended.
    public func signal(_ number: CInt) {
        lifetime.signal(number)
    }

    /// Waits for its end.
    ///
    /// - Parameter limit: How long to wait at most; then it is killed.
    /// - Returns: How it ended.
    /// - Throws: ``FakeServiceManagerError`` if it had to be killed.
    @discardableResult
    public func end(within limit: Duration = .seconds(10)) async throws -> End {
        let killer = Task { [lifetime] in
            guard (try? await Task.sleep(for: limit)) != nil else { return false }
            lifetime.signal(SIGKILL)
            return true
        }
        let end = try await waiting.value
        killer.cancel()
        if await killer.value {
            throw FakeServiceManagerError("process \(pid) was killed, as it had not ended within \(limit)")
        }
        return end
    }
}
