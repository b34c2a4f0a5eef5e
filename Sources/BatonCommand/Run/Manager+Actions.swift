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

/// Carries out what a supervision decides.
extension Manager {
    func carryOut(_ action: Supervision.Action) {
        switch action {
        case .spawn(let generation): spawn(generation)
        case .signal(let pid, let signal): kill(pid, signal.number)
        case .say(let line): say(line)
        case .replacing: replacing()
        case .serving(let generation, let pid): serving(generation, pid)
        case .keeping(let failure): keeping(failure)
        case .changed: changed()
        case .answer(let request, let failure):
            control?.answer(request, failure.map { .failed($0.description) } ?? .done)
        case .exit(let failure): exit(failure)
        }
    }

    func spawn(_ generation: Int) {
        record?.number = generation
        if generation == 1 || !store.holdsRecord, let record { keepRecord(record) }
        let socket: GenerationSocket
        do { socket = try GenerationSocket() } catch {
            return tell(.notStarted(.notExecuted("no socket for NOTIFY_SOCKET: \(error)", errno: error.rawValue)))
        }
        let passed = PassedSockets(sockets.entries + store.entries)
        var program = Program(command: command, environment: currentEnvironment)
        program.environment.merge(passed.environment) { $1 }
        program.environment["SERVER_STARTER_GENERATION"] = "\(generation)"
        program.environment["NOTIFY_SOCKET"] = socket.address
        program.environment[OwnManager.variable] = "\(getpid())"
        program.descriptors = passed.descriptors
        if !passed.descriptors.isEmpty { program.pidVariables = ["LISTEN_PID"] }
        if let timeout = watchdog.timeout {
            program.environment["WATCHDOG_USEC"] = timeout
            program.pidVariables.append("WATCHDOG_PID")
        }
        program.directory = options.dir ?? workingDirectory
        // The kernel would tell a worker that has been released, too, when this process ends in good order; in a service there are such
        // workers, and systemd ends the others.
        if !isUnderServiceManager || !ProcessTree.isInService {
            program.orphanSignal = supervision.policy.signalOnTERM.number
        }
        do throws(SpawnError) {
            let process = try program.spawn()
            let pid = process.pid
            voices[generation] = Voice(socket: socket, pid: pid)
            warden?.watch(pid)
            spawned = Spawned(process)
            tell(.started(pid: pid, isProgram: false))
        } catch {
            tell(.notStarted(.notExecuted(error.description, errno: error.errno.rawValue)))
        }
    }

    /// By its name, at each start anew; what is left of it if that name is gone.
    private var workingDirectory: String? {
        guard let directory, access(directory, X_OK) != 0 else { return directory }
        say("the working directory \(directory): \(Errno(rawValue: errno)); starting in the one that it was")
        return nil
    }

    func checkSpawned() {
        guard let spawned else { return }
        switch spawned.process.outcome() {
        case .unknown: break
        case .runs:
            self.spawned = nil
            tell(.executed(pid: spawned.process.pid))
        case .failed(let error):
            self.spawned = nil
            tell(.notStarted(.notExecuted(error.description, errno: error.errno.rawValue)))
        }
    }

    func replacing() {
        guard hasBeenReady, !isReloading else { return }
        isReloading = true
        notifier.send(ServiceNotification.reloading.text + "\nSTATUS=starting generation \(supervision.generation)")
    }

    func serving(_ generation: Int, _ pid: CInt) {
        if hasBeenReady { restarts += 1 }
        lastServing = generation
        isReloading = false
        notifier.send("READY=1\nSTATUS=generation \(generation) serves (process \(pid))")
        watchdog.isServed()
        report?.end(with: 0)
    }

    func keeping(_ failure: StartFailure) {
        guard isReloading else { return }
        isReloading = false
        let current = supervision.current?.number ?? 0
        let status = "generation \(current) serves; restart failed: \(failure)"
        notifier.send(ServiceNotification.ready.status(flattening: status).text)
    }

    func changed() {
        hasWorked = true
        if hasBeenReady, supervision.current == nil { watchdog.isUnserved() }
        guard let statusFile else { return }
        let serving = supervision.old + [supervision.current].compactMap { $0 }
        if !statusFile.write(serving.map { ($0.number, $0.pid) }) {
            say("--status-file \(statusFile.path): it cannot be written: \(Errno(rawValue: errno))")
        }
    }

    func exit(_ failure: StartFailure?) {
        switch failure {
        case nil: exitCode = 0
        case .notExecuted(_, let errno): exitCode = errno == ENOENT ? 127 : 126
        case .ended, .notReady, .stopping: exitCode = 1
        }
        if let failure { notifier.send(ServiceNotification().status(flattening: "\(failure)").text) }
        // Whoever waits there has been promised a generation that serves, and none will, even if it was stopped in good order.
        let reason = failure.map { "\($0)" } ?? "it was stopped before its first generation served"
        report?.end(with: UInt8(failure == nil ? 1 : exitCode ?? 1), saying: "\(name): \(reason)\n")
    }

    func keepRecord(_ record: GenerationRecord) {
        store.holdsRecord = true
        let duplicate = fcntl(record.descriptor, F_DUPFD_CLOEXEC, 3)
        guard duplicate >= 0 else { return }
        notifier.send("FDSTORE=1\nFDNAME=\(GenerationRecord.name)\nFDPOLL=0", descriptors: [duplicate])
    }
}
