import Baton
import CProcess
import SystemPackage
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The process that a pid file names: `baton run`, or Server::Starter's `start_server`, which locks its file as well.
struct RunningManager {
    /// Why it could not be found, or what was asked of it did not happen.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// Whether it is certain that it does not run.
        let isGone: Bool

        init(_ description: String, isGone: Bool = false) {
            self.description = description
            self.isGone = isGone
        }
    }

    /// Held on to since the file has been read: whatever ends then, and whoever gets its number, no other process is meant.
    let process: ProcessHandle
    let pidFile: String

    var pid: CInt { process.pid }

    /// - Throws: ``Failure``, if nobody holds the lock of the file: then its number may be that of any process.
    init(pidFile: String) throws(Failure) {
        let file = open(pidFile, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let failure = errno
            throw Failure(
                "--pid-file \(pidFile): open(2): \(Errno(rawValue: failure)); does it run?",
                isGone: failure == ENOENT
            )
        }
        defer { close(file) }
        process = try Self.holder(of: file, pidFile)
        self.pidFile = pidFile
    }

    private static func holder(of file: CInt, _ path: String) throws(Failure) -> ProcessHandle {
        while true {
            guard let pid = PidFile.read(file) else {
                let isGone = flock(file, LOCK_SH | LOCK_NB) == 0
                throw Failure(
                    "--pid-file \(path): there is no number in it: it \(isGone ? "does not run" : "only just starts")",
                    isGone: isGone
                )
            }
            let process = ProcessHandle(pid)
            guard flock(file, LOCK_SH | LOCK_NB) != 0 else {
                throw Failure(
                    "--pid-file \(path): it does not run: nobody holds the lock of the file, which says \(pid)",
                    isGone: true
                )
            }
            // Another one may have taken the file over in between: then the number was not that of whoever has the lock.
            if PidFile.read(file) == pid { return process }
        }
    }

    /// Where its control socket is, if it has one.
    var controlPath: String? {
        let path = ControlProtocol.path(besidePIDFile: pidFile)
        return access(path, F_OK) == 0 ? path : nil
    }

    /// Sends a signal and waits for its end.
    ///
    /// - Parameter seconds: How long to wait; nil is for ever.
    func end(by number: CInt, within seconds: Double?) throws(Failure) {
        let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
        try Self.send(number, to: process, called: "process")
        guard process.waitForEnd(until: deadline) else {
            throw Failure(
                "process \(pid) has not ended within \((seconds ?? 0)) s (--timeout); it may still be draining"
            )
        }
    }

    /// Kills it and its workers, and waits for the end of all of them.
    ///
    /// - Parameters:
    ///   - workers: They are killed even if it is not over itself in time.
    ///   - seconds: How long to wait; nil is for ever.
    func kill(with workers: [ProcessHandle], within seconds: Double?) throws(Failure) {
        let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
        // First, so that it starts no others.
        try Self.send(Signal.kill.number, to: process, called: "process")
        var refusal: Failure?
        for worker in workers {
            do { try Self.send(Signal.kill.number, to: worker, called: "worker") } catch { refusal = error }
        }
        if let refusal { throw refusal }
        for (name, process) in [("process", process)] + workers.map({ ("worker", $0) }) {
            guard process.waitForEnd(until: deadline) else {
                throw Failure("\(name) \(process.pid) has not ended within \(seconds ?? 0) s (--timeout)")
            }
        }
    }

    /// One that has ended meanwhile is as good as one that was told to.
    private static func send(_ number: CInt, to process: ProcessHandle, called name: String) throws(Failure) {
        guard !process.signal(number), errno != ESRCH || !process.wasThere else { return }
        throw Failure("\(name) \(process.pid) cannot be sent \(Signal(number: number)): \(Errno(rawValue: errno))")
    }

    /// Has it start a generation, and waits until that is the only one: what Server::Starter's `--restart` does.
    func restartUntilDrained(statusFile: String, timeout: Double?) throws(Failure) {
        if let controlPath {
            let answer = ControlQuestion.ask(ControlProtocol.restartUntilDrained, at: controlPath, timeout: timeout)
            guard case .failed(let reason) = answer else { return }
            throw Failure(reason)
        }
        guard let newest = StatusFile.read(statusFile)?.map(\.number).max() else {
            throw Failure("--status-file \(statusFile): no active process found in the status file")
        }
        let deadline = timeout.map { ContinuousClock.now + .seconds($0) }
        guard process.signal(SIGHUP) else {
            throw Failure("process \(pid) cannot be sent HUP: \(Errno(rawValue: errno))")
        }
        // Server::Starter tells nobody else when it is done.
        while StatusFile.read(statusFile).map({ $0.map(\.number) }).map({ $0.count != 1 || $0[0] <= newest }) ?? true {
            if let deadline, deadline <= .now {
                throw Failure("no new generation within \(timeout ?? 0) s (--timeout)")
            }
            if process.waitForEnd(until: .now + .milliseconds(100)) { throw Failure("process \(pid) has ended") }
        }
    }
}
