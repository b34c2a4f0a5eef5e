import Baton
import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A process that is not our child, whose end can be waited for.
final class ProcessHandle {
    let pid: CInt
    private let descriptor: CInt

    /// Holds on to the process that has this number now.
    init(_ pid: CInt) {
        self.pid = pid
        descriptor = cprocess_watch(pid)
    }

    /// Whether there was one; else the number may be one of another PID namespace.
    var wasThere: Bool { descriptor != -ESRCH }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends it a signal.
    ///
    /// - Returns: Whether that was possible; if not, `errno` says why.
    func signal(_ number: CInt) -> Bool {
        guard descriptor >= 0 else {
            // There was none: whoever has the number now is another one.
            if !wasThere { errno = ESRCH }
            return wasThere && kill(pid, number) == 0
        }
        let result = cprocess_signal(descriptor, number)
        if result < 0 { errno = -result }
        return result == 0
    }

    /// Waits for its end.
    ///
    /// - Parameter deadline: When to stop waiting; nil is never.
    /// - Returns: Whether it has ended.
    func waitForEnd(until deadline: ContinuousClock.Instant?) -> Bool {
        while true {
            guard wasThere, descriptor >= 0 || kill(pid, 0) == 0 || errno == EPERM else { return true }
            let left = deadline.map { max(.zero, $0 - .now) }
            // Where a process can not be polled, it is looked at.
            let limit = descriptor >= 0 ? left : min(left ?? .milliseconds(20), .milliseconds(20))
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, limit.map { CInt(clamping: $0.milliseconds + 1) } ?? -1) == 1 { return true }
            if let deadline, deadline <= .now { return false }
        }
    }
}
