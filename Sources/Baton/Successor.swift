internal import CProcess
internal import SystemPackage
package import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The process that this one has started to take its place, until it does or does not.
///
/// It is nobody's child, but PID 1's: so a service manager that is told of it hears of its end. All its calls that wait take as
/// long as is said there, so they belong on a thread of their own.
package struct Successor: ~Copyable, Sendable {
    /// What became of waiting for it.
    package enum Outcome: Sendable, Hashable {
        /// It accepts connections.
        case ready
        /// It will never be ready; why.
        case failed(RestartError)
        /// Nobody wants it any more.
        case abandoned
    }

    /// Its number.
    package let pid: CInt
    private let process: SpawnedProcess
    private let channel: OwnedDescriptor
    /// Readable when the process has ended; not everywhere.
    private let watch: OwnedDescriptor?

    /// Starts it, with the sockets and what is said of them.
    ///
    /// - Parameters:
    ///   - record: How.
    ///   - sockets: What it is to listen on, which stay the caller's.
    ///   - isSocketHeld: Whether somebody else than this process holds them.
    /// - Throws: ``RestartError`` if there is no new process.
    package static func start(
        _ record: StartRecord,
        sockets: borrowing ListenSockets,
        isSocketHeld: Bool
    ) throws(RestartError) -> Successor {
        var ends: (CInt, CInt) = (-1, -1)
        let failure = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.withMemoryRebound(to: CInt.self) { cprocess_socket_pair($0.baseAddress) }
        }
        guard failure == 0 else {
            throw RestartError("no sockets to talk to a successor: socketpair(2): \(Errno(rawValue: -failure))")
        }
        let ours = OwnedDescriptor(ends.0)
        let theirs = OwnedDescriptor(ends.1)
        let passed = PassedSockets(
            sockets.lent.map { socket in
                // Where LISTEN_FDS is not read, the other of the two worlds is.
                .init(
                    descriptor: socket.descriptor,
                    name: socket.name,
                    serverStarterName: ServiceNotifier.isBuiltIn ? nil : socket.name
                )
            }
        )
        let place = 3 + CInt(passed.descriptors.count)
        var program = Program(
            command: record.command,
            environment: record.environment.merging(passed.environment) { $1 }
        )
        program.environment[Predecessor.variable] = "\(place) \(isSocketHeld ? Predecessor.held : Predecessor.own)"
        program.pidVariables = record.pidVariables
        program.directory = record.directory
        program.isDetached = true
        do {
            program.descriptors = passed.descriptors + [(source: theirs.withDescriptor { $0 }, target: place)]
            let process = try program.spawn()
            // Only now: the successor alone has it, so that its end is noticed.
            _ = consume theirs
            let watch = cprocess_watch(process.pid)
            return Successor(
                pid: process.pid,
                process: process,
                channel: ours,
                watch: watch < 0 ? nil : OwnedDescriptor(watch)
            )
        } catch {
            throw RestartError("\(error)")
        }
    }

    private init(
        pid: CInt,
        process: consuming SpawnedProcess,
        channel: consuming OwnedDescriptor,
        watch: consuming OwnedDescriptor?
    ) {
        self.pid = pid
        self.process = process
        self.channel = channel
        self.watch = watch
    }

    /// Waits until it is ready, or never will be.
    ///
    /// - Parameters:
    ///   - limit: How long at most.
    ///   - abandoned: A descriptor that becomes readable when it is not worth waiting any more.
    package borrowing func waitUntilReady(within limit: Duration, abandoned: CInt) -> Outcome {
        let deadline = ContinuousClock.now + limit
        var runs = false
        while true {
            let result: CInt = runs ? -1 : process.withDescriptor { $0 }
            let channel = self.channel.withDescriptor { $0 }
            let ready = Self.poll([result, channel, abandoned], until: deadline)
            if ready.contains(abandoned) { return .abandoned }
            if !runs {
                switch process.outcome() {
                case .failed(let error): return .failed(RestartError("\(error)"))
                case .runs: runs = true
                case .unknown: break
                }
            }
            if ready.contains(channel) {
                var word: UInt8 = 0
                let count = read(channel, &word, 1)
                if count == 1, word == Predecessor.Word.ready { return .ready }
                if count == 0 || (count < 0 && errno == ECONNRESET) { return .failed(ended(runs)) }
            }
            if ready.isEmpty, deadline <= .now {
                return .failed(
                    RestartError(
                        "process \(pid) was not ready within \(limit), so it has been ended; "
                            + "its own log says what it was at, and a longer start needs a longer limit"
                    )
                )
            }
        }
    }

    /// The channel's end comes with the process's end, also when it could not be executed.
    private borrowing func ended(_ runs: Bool) -> RestartError {
        if !runs, case .failed(let error) = process.outcome() { return RestartError("\(error)") }
        return RestartError(
            "process \(pid) ended before it was ready; its own log says why (its exit status is known to PID 1 only)"
        )
    }

    /// Tells it that the service is its own.
    ///
    /// - Parameter again: Whether it is to restart itself at once, because that was asked for meanwhile.
    package borrowing func goOn(again: Bool) {
        channel.withDescriptor { descriptor in
            var word = again ? Predecessor.Word.goOnAndAgain : Predecessor.Word.goOn
            // One that is gone is PID 1's concern.
            _ = cprocess_send(descriptor, &word, 1, nil, 0)
        }
    }

    /// Ends it, and what it has started: by TERM, and after a while by KILL.
    ///
    /// - Parameter patience: How long TERM has to suffice.
    /// - Returns: Whether it has ended by the time this returns.
    @discardableResult
    package consuming func end(patience: Duration = .seconds(5)) -> Bool {
        for (signal, limit) in [(SIGTERM, patience), (SIGKILL, .seconds(1))] {
            if isEnded(within: .zero) { break }
            // It leads a session of its own, hence a group of its own.
            _ = kill(-pid, signal)
            if isEnded(within: limit) { break }
        }
        // What it leaves of its group has nobody else to end it.
        _ = kill(-pid, SIGKILL)
        return isEnded(within: .zero)
    }

    private borrowing func isEnded(within limit: Duration) -> Bool {
        let descriptor = watch?.withDescriptor { $0 } ?? channel.withDescriptor { $0 }
        return !Self.poll([descriptor], until: .now + limit).isEmpty
    }

    /// Which of these descriptors have something to be read, or their end; negative ones are left out.
    private static func poll(_ descriptors: [CInt], until deadline: ContinuousClock.Instant) -> [CInt] {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let milliseconds = max(0, min(((deadline - .now) / .milliseconds(1)).rounded(.up), 86_400_000))
        #if canImport(Glibc)
        let count = Glibc.poll(&entries, nfds_t(entries.count), CInt(milliseconds))
        #elseif canImport(Musl)
        let count = Musl.poll(&entries, nfds_t(entries.count), CInt(milliseconds))
        #else
        let count = Darwin.poll(&entries, nfds_t(entries.count), CInt(milliseconds))
        #endif
        guard count > 0 else { return [] }
        return entries.filter { $0.revents != 0 }.map(\.fd)
    }
}
