internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The service manager's store of descriptors, which outlives this process: `FileDescriptorStoreMax=` of the unit.
///
/// What is put there comes to the next generation together with the sockets of the socket units, by its name
/// (`Activation.take(_:index:)`): after `systemctl restart` and after a crash, and from systemd 254 on also after a stop and
/// a start if the unit has `FileDescriptorStorePreserve=yes`. Any descriptor can be stored: sockets, pipes, memory
/// (`memfd_create(2)`). It stays there until it is removed, by name, so names are used once: ``remove(_:)`` what has been
/// taken over. Nobody tells it from what a socket unit brings: a service without one has to put its listen socket there, too, as the next
/// generation binds no address where anything was passed to it.
///
/// Thread-safe. Calls wait for the manager, but no longer than ``timeLimit``; ``put(_:as:watched:)`` up to 250 ms longer, to see what it has
/// refused.
public final class FDStore: Sendable {
    /// The most descriptors in one message: the kernel's limit (unix(7)).
    public static let mostAtOnce = 253

    /// How long a call waits for the manager. Adding takes it the longer the more is stored.
    public let timeLimit: Duration

    let notifier: ServiceNotifier
    /// `FDSTORE=`: how many the manager keeps at most; nil if it has not said so.
    let capacity: Int?
    let entries: Locked<Entries>

    struct Entries {
        /// How many descriptors there may be of each name: the manager drops some by itself, but adds none.
        var counts: [String: Int]
        var puts = 0
        /// Whether the manager has been seen to keep what it is given.
        var isTried: Bool?
    }

    /// A store that is reached through `notifier`.
    ///
    /// - Parameters:
    ///   - notifier: The service manager.
    ///   - inherited: The names of all descriptors that were passed to this process.
    ///   - capacity: How many the manager keeps, if that is known.
    ///   - timeLimit: How long a call waits at most.
    package init(
        notifier: ServiceNotifier,
        inherited: [String],
        capacity: Int? = nil,
        timeLimit: Duration = .seconds(10)
    ) {
        self.notifier = notifier
        self.capacity = capacity
        self.timeLimit = timeLimit
        self.entries = Locked(Entries(counts: inherited.reduce(into: [:]) { $0[$1, default: 0] += 1 }))
    }

    /// Takes `FDSTORE` (254), the store's size, out of the environment. Call it before other threads exist.
    package static func take(notifier: ServiceNotifier, inherited: [String]) -> FDStore {
        let capacity = environmentValue("FDSTORE")
        if capacity != nil { unsetenv("FDSTORE") }
        return FDStore(notifier: notifier, inherited: inherited, capacity: capacity.flatMap { Int($0) })
    }

    /// The names that are in use: of what was passed to this process, and of what it has put into the store.
    public var namesInUse: Set<String> { entries.withLock { Set($0.counts.keys) } }

    /// Puts descriptors into the store; all of them, or none.
    ///
    /// The manager does not say whether it keeps what it is given, so this looks: one more descriptor, the end of a pipe, is
    /// stored behind them for a moment, and an end that has been closed was refused. So the store needs room for one more.
    /// From 254 on the manager closes what it refuses only some time later. There `$FDSTORE` says how many it keeps, and if
    /// that is more than there can be, this need not wait. If it is not, or where the manager does not say, this waits 250 ms.
    ///
    /// An open file is stored once: the manager drops, without a word, what it has by another name already.
    ///
    /// - Parameters:
    ///   - descriptors: 1 to 252 descriptors, which stay the caller's: the manager gets duplicates.
    ///   - name: The name of all of them, not in use yet. The next generation gets those of one name in *any* order: what
    ///     has to be told apart needs a name of its own.
    ///   - watched: Whether the manager drops those whose peer hangs up (`FDPOLL=`); with false (246) only ``remove(_:)``
    ///     takes them out.
    /// - Throws: ``FDStoreError``.
    public func put(_ descriptors: [CInt], as name: StoredName, watched: Bool = true) throws(FDStoreError) {
        guard (1..<Self.mostAtOnce).contains(descriptors.count) else {
            throw FDStoreError(
                .tooMany,
                "\(descriptors.count) descriptors cannot be stored at once as '\(name)': it can be 1 to "
                    + "\(Self.mostAtOnce - 1) of them; use more than one name"
            )
        }
        // systemd before 254 closes it on a thread of its own, which on a busy machine takes its time, too.
        let attempt = try reserve(name, descriptors.count, patience: .milliseconds(250))
        do {
            try store(descriptors, name, watched: watched, attempt)
        } catch {
            // As long as that is not told, some of them may be in the store by this name.
            // Without a manager, none is.
            if error.code == .noServiceManager || (try? remove(name.description, until: attempt.deadline)) != nil {
                forget(name)
            }
            throw error
        }
    }

    /// Takes all descriptors of that name out of the store (236). Who holds duplicates of them keeps these.
    ///
    /// - Parameter name: The name; nothing happens if nothing is stored by it.
    /// - Throws: ``FDStoreError/Code/noServiceManager``, ``FDStoreError/Code/notSent``.
    public func remove(_ name: StoredName) throws(FDStoreError) {
        try remove(name.description, until: .after(timeLimit))
        forget(name)
    }

    /// - Parameter patience: How long the manager may take to close what it refuses, if it has not said how many it keeps.
    func reserve(_ name: StoredName, _ count: Int, patience: Duration) throws(FDStoreError) -> Attempt {
        let reserved = entries.withLock { entries -> (number: Int, total: Int)? in
            guard entries.counts[name.description] == nil else { return nil }
            entries.counts[name.description] = count
            entries.puts += 1
            return (entries.puts, entries.counts.values.reduce(0, +))
        }
        guard let reserved else {
            throw FDStoreError(.nameTaken, "'\(name)' is the name of other descriptors already; use one that is not")
        }
        return Attempt(
            canary: "baton-room-\(getpid())-\(reserved.number)",
            patience: capacity.map { reserved.total < $0 ? .zero : .milliseconds(250) } ?? patience,
            deadline: .after(timeLimit)
        )
    }

    struct Attempt {
        let canary: String
        /// How long the manager may take to close what it refuses.
        let patience: Duration
        let deadline: ContinuousClock.Instant
    }

    private func store(
        _ descriptors: [CInt],
        _ name: StoredName,
        watched: Bool,
        _ attempt: Attempt
    ) throws(FDStoreError) {
        let pipe: Pipe
        do { pipe = try Pipe() } catch { throw failure(error) }
        let poll = watched ? "" : "\nFDPOLL=0"
        try send("FDSTORE=1\nFDNAME=\(name)\(poll)", descriptors, until: attempt.deadline)
        // Watched: should this process end here, the manager drops it.
        let outcome = pipe.writer.withDescriptor {
            notifier.waiting(until: attempt.deadline)
                .send("FDSTORE=1\nFDNAME=\(attempt.canary)", onBehalfOf: nil, descriptors: [$0])
        }
        try check(outcome)
        let canary = pipe.closingWriter()
        try check(notifier.barrier(within: attempt.deadline - .now))
        switch canary.waitForHangUp(within: attempt.patience) {
        case .success(false): try remove(attempt.canary, until: attempt.deadline)
        case .success(true):
            throw refused(name, descriptors.count)
        case .failure(let errno): throw failure(errno)
        }
    }

    func refused(_ name: StoredName, _ count: Int) -> FDStoreError {
        FDStoreError(
            .refused,
            "the service manager did not keep '\(name)' (descriptors: \(count)): set FileDescriptorStoreMax= in the "
                + "unit, or raise it; it takes one more than is stored"
        )
    }

    func remove(_ name: String, until deadline: ContinuousClock.Instant) throws(FDStoreError) {
        try send("FDSTOREREMOVE=1\nFDNAME=\(name)", [], until: deadline)
    }

    func forget(_ name: StoredName) {
        entries.withLock { _ = $0.counts.removeValue(forKey: name.description) }
    }

    private func send(
        _ state: String,
        _ descriptors: [CInt],
        until deadline: ContinuousClock.Instant
    ) throws(FDStoreError) {
        try check(notifier.waiting(until: deadline).send(state, onBehalfOf: nil, descriptors: descriptors))
    }

    func check(_ outcome: NotifyOutcome) throws(FDStoreError) {
        switch outcome {
        case .sent: break
        case .nobodyToTell:
            throw FDStoreError(
                .noServiceManager,
                "there is no service manager to store descriptors with: NOTIFY_SOCKET is not set"
            )
        case .failed(let errno): throw failure(errno)
        }
    }

    func failure(_ errno: Errno) -> FDStoreError {
        let reason =
            errno == .tooManyReferences ? "more descriptors under way than LimitNOFILE= of the unit allows" : "\(errno)"
        return FDStoreError(.notSent, "the service manager's store cannot be reached: \(reason)", errno: errno)
    }
}
