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

/// Holds the sockets and replaces the program behind them: carries out what ``Supervision`` decides.
///
/// One thread, one poll(2): signals, what generations say, who asks, and the next thing that is due.
final class Manager {
    /// What this process was started with.
    let options: RunOptions
    /// What it calls itself.
    let name: String
    let command: [String]
    /// The environment without what concerns this process only.
    let environment: [String: String]
    let directory: String?
    let started = ContinuousClock.now

    var supervision: Supervision
    let sockets: SupervisedSockets
    var lines = ErrorLines()
    var control: ControlServer?
    var store: DescriptorStore
    var notifier: ManagerNotifier
    var watchdog: ManagerWatchdog
    /// What each living generation says comes here.
    var voices: [Int: Voice] = [:]
    /// The start whose exec(2) is not confirmed yet.
    var spawned: Spawned?
    var isReloading = false
    var hasBeenReady: Bool { lastServing != nil }
    /// The generation that has taken over last.
    var lastServing: Int?
    var restarts = 0
    var exitCode: CInt?
    /// Whether something has been done since ``cprocess_forget_code()``.
    var hasWorked = true
    var pidFile: PidFile?
    let statusFile: StatusFile?
    let record: GenerationRecord?
    let logPID: CInt?
    let signals: CInt
    let report: StartReport?
    /// Whether somebody else ends the workers if this process is killed.
    let isUnderServiceManager: Bool
    var warden: Warden?

    /// A generation's own notify socket.
    final class Voice {
        let socket: GenerationSocket
        let pid: CInt
        var rejected: Set<CInt> = []
        /// Where it is brought connections while it serves, if it takes any.
        var inbox: OwnedDescriptor?

        init(socket: consuming GenerationSocket, pid: CInt) {
            self.socket = socket
            self.pid = pid
        }
    }

    /// A process that may not be the program yet.
    final class Spawned {
        let process: SpawnedProcess

        init(_ process: consuming SpawnedProcess) { self.process = process }
    }

    init(_ setup: ManagerSetup) throws(ManagerSetup.Failure) {
        options = setup.options
        name = setup.name
        command = setup.command
        environment = setup.environment
        directory = setup.directory
        pidFile = setup.pidFile.take()
        statusFile = options.statusFile.map(StatusFile.init)
        logPID = setup.logPID
        report = setup.report
        isUnderServiceManager = setup.isUnderServiceManager
        notifier = ManagerNotifier(setup.notifier) { close($0) }
        watchdog = ManagerWatchdog(setup.watchdog)
        store = DescriptorStore(setup.sockets.stored)
        record = store.takeRecord() ?? GenerationRecord()
        sockets = setup.sockets
        supervision = Supervision(policy: options.policy(environment), generation: record?.number ?? 0)
        let watched = [SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGALRM]
        signals = cprocess_signals(watched, UInt32(watched.count))
        guard signals >= 0 else {
            throw ManagerSetup.Failure("no signals can be received: \(Errno(rawValue: -signals))", status: 1)
        }
        signal(SIGPIPE, SIG_IGN)
        if let path = setup.controlPath {
            if options.control == nil { ControlServer.removeLink(path) }
            do { control = try ControlServer(path: path, link: setup.controlLink) } catch {
                guard options.control == nil else { throw ManagerSetup.Failure(error.description, status: 1) }
                // Nobody has asked for it, and everything else works without it.
                say("\(error); this goes on, but baton restart and baton status cannot reach it")
            }
        }
        if !isUnderServiceManager {
            warden = Warden(supervision.policy)
        }
    }

    /// Runs until it is stopped.
    ///
    /// - Returns: The exit status.
    func run() -> CInt {
        pidFile?.write()
        for address in sockets.addresses { say("holding \(address)\(sockets.areInherited ? ", from systemd" : "")") }
        tell(.begin)
        while exitCode == nil { turn() }
        finish()
        return exitCode ?? 0
    }

    func say(_ line: String) { lines.write(line) }

    func tell(_ event: Supervision.Event) {
        refreshPolicy()
        for action in supervision.handle(event, at: .now) { carryOut(action) }
    }

    /// The folder of `--envdir` may have changed.
    private func refreshPolicy() {
        supervision.policy = options.policy(currentEnvironment)
    }

    var currentEnvironment: [String: String] {
        guard let folder = environment["ENVDIR"] else { return environment }
        return environment.merging(EnvironmentDirectory.read(folder)) { $1 }
    }
}

// MARK: - The loop

extension Manager {
    private func turn() {
        var entries = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        func add(_ descriptor: CInt, _ events: CInt = POLLIN) {
            entries.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
        }
        spawned?.process.withDescriptor { add($0) }
        for voice in voices.values { add(voice.socket.descriptor) }
        let controls = control?.descriptors ?? []
        for descriptor in controls { add(descriptor) }
        for descriptor in store.watched { add(descriptor, 0) }
        if lines.isWaiting { add(STDERR_FILENO, POLLOUT) }

        if hasWorked, supervision.isAtRest {
            hasWorked = false
            cprocess_forget_code()
        }
        let ready = poll(&entries, nfds_t(entries.count), timeout)
        guard ready >= 0 else { return }
        let descriptors = Set(entries.filter { $0.revents != 0 }.map(\.fd))
        // First: what is done for the others may close descriptors, and open new ones with their numbers.
        for name in store.dropHungUp(descriptors) { removeFromManager(name) }
        lines.flush()
        notifier.flush()
        // What they have said before they ended counts.
        checkSpawned()
        for (number, voice) in voices where descriptors.contains(voice.socket.descriptor) { listen(to: voice, number) }
        if descriptors.contains(signals) { receiveSignals() }
        for descriptor in controls where descriptors.contains(descriptor) { serveControl(descriptor) }
        if let wake = supervision.wake, wake <= .now { tell(.woken) }
        if watchdog.isDue() { notifier.send("WATCHDOG=1") }
    }

    private var timeout: CInt {
        var instants = [supervision.wake, watchdog.next].compactMap { $0 }
        if let rest = control?.restUntil { instants.append(rest) }
        if notifier.isWaiting { instants.append(.now + .milliseconds(20)) }
        guard let next = instants.min() else { return -1 }
        let left = next - .now
        // Rounded up: woken too early, there would be nothing to do.
        return left <= .zero ? 0 : CInt(clamping: left.milliseconds + 1)
    }

    private func receiveSignals() {
        var isChild = false
        while true {
            let number = cprocess_next_signal(signals)
            guard number > 0 else { break }
            switch number {
            case SIGCHLD: isChild = true
            case SIGHUP: tell(.restart(nil, untilDrained: false))
            case SIGTERM, SIGINT: stop(Signal(number: number))
            default: break
            }
        }
        if isChild { reap() }
    }

    private func stop(_ signal: Signal) {
        let generations = supervision.old + [supervision.current, supervision.starting].compactMap { $0 }
        // Whoever has moved them elsewhere sees to their end.
        let released = generations.map(\.pid).filter { pid in
            ProcessTree.isInDrainScope(pid)
        }
        notifier.send("STOPPING=1\nSTATUS=stopping")
        for pid in released { warden?.forget(pid) }
        tell(.stop(signal, released: Set(released)))
    }

    private func reap() {
        while true {
            var status: CInt = 0
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            if let spawned, spawned.process.pid == pid { checkSpawned() }
            if let (number, voice) = voices.first(where: { $0.value.pid == pid }) { listen(to: voice, number) }
            voices = voices.filter { $0.value.pid != pid }
            warden?.forget(pid)
            if pid == warden?.pid {
                say("the process that ends the workers if this one is killed has died; starting another")
                warden = Warden(supervision.policy)
                for voice in voices.values { warden?.watch(voice.pid) }
            } else if pid == logPID {
                say("the command of --log-file has ended: nobody reads what is logged")
            }
            tell(.ended(pid: pid, ProcessEnd(status: status)))
        }
    }

    private func finish() {
        // Whoever is told last must hear of it before this process is gone.
        notifier.flush()
        lines.flush()
        control = nil
        statusFile?.remove()
        sockets.removePaths()
        pidFile = nil
    }
}
