import Dispatch
import struct Systemd.Locked

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How a restart command ended.
enum RestartExit: Equatable, Sendable {
    case exited(CInt)
    case signalled(CInt)
    case couldNotStart(errno: CInt)
    /// It took longer than it may, or the user would not wait; killed.
    case killed

    var succeeded: Bool { self == .exited(0) }

    var words: String {
        switch self {
        case .exited(let status): "exit \(status)"
        case .signalled(let signal): "signal \(signal)"
        case .couldNotStart(let errno): "not started: \(String(cString: strerror(errno)))"
        case .killed: "killed"
        }
    }
}

/// Runs one restart command by `/bin/sh -c`. Its output goes to our standard error, its standard input is empty.
///
/// Safe to use from any thread. Waiting for it blocks a thread of libdispatch, never an event loop.
final class RestartCommand: Sendable {
    private struct State {
        /// The child while it is not reaped: only then the number is surely its.
        var running: pid_t?
        var wasKilled = false
    }

    private let command: String
    private let timeout: Duration
    private let descriptors: CInt
    private let state = Locked(State())

    /// - Parameters:
    ///   - command: For `/bin/sh -c`.
    ///   - timeout: After this it is killed.
    ///   - descriptors: Those from 3 to below this one are closed in the child.
    init(_ command: String, timeout: Duration, descriptors: Int) {
        (self.command, self.timeout) = (command, timeout)
        self.descriptors = CInt(clamping: min(descriptors, sysconf(CInt(_SC_OPEN_MAX))))
    }

    func run() async -> RestartExit {
        let pid: pid_t
        switch spawn() {
        case .success(let child): pid = child
        case .failure(let error): return .couldNotStart(errno: error.errno)
        }
        state.withLock { $0.running = pid }
        let limit = DispatchWorkItem { self.kill() }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeout.inSeconds, execute: limit)
        defer { limit.cancel() }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: self.wait(for: pid)) }
        }
    }

    /// Kills the command and what it started, if it runs.
    func kill() {
        state.withLock { state in
            guard let pid = state.running else { return }
            state.wasKilled = true
            #if canImport(Darwin)
            _ = Darwin.kill(-pid, SIGKILL)
            #elseif canImport(Glibc)
            _ = Glibc.kill(-pid, SIGKILL)
            #else
            _ = Musl.kill(-pid, SIGKILL)
            #endif
        }
    }

    private func wait(for pid: pid_t) -> RestartExit {
        // First only looked at (WNOWAIT), then reaped under the lock: nobody can kill a process that has got its number.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        return state.withLock { state in
            var status: CInt = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            state.running = nil
            let signal = status & 0x7f
            if state.wasKilled, signal == SIGKILL { return .killed }
            return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
        }
    }
}

// MARK: - Starting

extension RestartCommand {
    private struct SpawnError: Error { var errno: CInt }

    private func spawn() -> Result<pid_t, SpawnError> {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A group of its own: Ctrl-C stops the probe, not a restart half way.
        posix_spawnattr_setpgroup(&attributes, 0)
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        // SwiftNIO's sockets are not close-on-exec. A child holding a client's socket would keep its connection open
        // beyond the client's close.
        #if canImport(Darwin)
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        posix_spawn_file_actions_addinherit_np(&actions, STDERR_FILENO)
        #else
        for descriptor in 3..<max(3, descriptors) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        let result = withArguments(["/bin/sh", "-c", command]) {
            posix_spawn(&pid, "/bin/sh", &actions, &attributes, $0, environ)
        }
        return result == 0 ? .success(pid) : .failure(SpawnError(errno: result))
    }

    private func withArguments<R>(
        _ arguments: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        let copies = arguments.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: copies.count + 1)
        defer { list.deallocate() }
        for (index, copy) in copies.enumerated() { (list + index).initialize(to: copy) }
        (list + copies.count).initialize(to: nil)
        return body(list)
    }
}
