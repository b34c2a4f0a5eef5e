internal import Baton
internal import Logging
internal import Synchronization
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The carriers of earlier generations, which the accept thread empties: what comes out of them is treated as if it had been accepted.
final class CarrierPort: Sendable {
    private struct Source: Sendable {
        let reader: CarrierReader
        var taken = 0
    }

    /// How long a carrier rests when there are too few descriptors for what is in it.
    private static let rest = Duration.milliseconds(100)
    private static let cure = "see LimitNOFILE= of the unit"

    private let sources: Locked<[Source]>
    /// Where further ones come from; nil if they do not.
    private let inbox: Locked<CarrierInbox?>
    private let restUntil = Locked<ContinuousClock.Instant?>(nil)
    private let hasSources: Atomic<Bool>
    private let emptied: @Sendable (_ name: String) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - carriers: Those that were passed to this process.
    ///   - inbox: Where carriers are brought while this process serves.
    ///   - emptied: Told of each that holds nothing any more, and never will.
    init(
        _ carriers: [CarrierReader],
        inbox: CarrierInbox?,
        emptied: @escaping @Sendable (String) -> Void,
        logger: Logger
    ) {
        sources = Locked(carriers.map { Source(reader: $0) })
        self.inbox = Locked(inbox)
        hasSources = Atomic(!carriers.isEmpty || inbox != nil)
        self.emptied = emptied
        self.logger = logger
    }

    /// Whether there is nothing to be polled.
    var isEmpty: Bool { !hasSources.load(ordering: .acquiring) }

    /// Adds one. Thread-safe; whoever polls is to be woken.
    func add(_ carrier: CarrierReader) {
        sources.withLock { $0.append(Source(reader: carrier)) }
        hasSources.store(true, ordering: .releasing)
    }

    /// What to poll, and until when at the longest.
    func entries() -> (entries: [pollfd], until: ContinuousClock.Instant?) {
        if let end = restUntil.withLock({ $0 }), end > .now { return ([], end) }
        let readers = sources.withLock { $0.map(\.reader) }
        var entries = readers.map { $0.withDescriptor { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) } }
        if let inbox = inbox.withLock({ $0 }) {
            entries.append(inbox.withDescriptor { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) })
        }
        return (entries, nil)
    }

    /// Takes one message out of each carrier that has one.
    ///
    /// - Parameter polled: What ``entries()`` has returned, and was polled.
    func receive(_ polled: ArraySlice<pollfd>) -> [CarriedConnection] {
        let ready = Set(polled.filter { $0.revents != 0 }.map(\.fd))
        if let inbox = inbox.withLock({ $0 }), inbox.withDescriptor(ready.contains), !empty(inbox) {
            rest("a carrier", "no descriptor for it")
        }
        return receive { reader in reader.withDescriptor(ready.contains) }
    }

    /// Takes out all that nobody else would get when this process ends, and lets nothing more in.
    ///
    /// - Parameter isSucceeded: Whether another process will get what is in the service manager's store.
    func close(isSucceeded: Bool) -> [CarriedConnection] {
        if let inbox = inbox.withLock({ $0 }) {
            inbox.refuse()
            if !empty(inbox) {
                logger.error("carriers are closed with their connections: no descriptors for them (\(Self.cure))")
            }
            self.inbox.withLock { $0 = nil }
        }
        for source in sources.withLock({ $0 }) where source.reader.isDirect { source.reader.refuse() }
        var (connections, isMore): ([CarriedConnection], Bool) = ([], true)
        var lost: [String: Int] = [:]
        while isMore {
            isMore = false
            connections += receive {
                $0.isDirect || !isSucceeded
            } more: {
                isMore = true
            } noRoom: { reader, count in
                if reader.isDirect { lost[reader.name] = count }
            }
        }
        for (name, count) in lost {
            logger.error("\(name): \(count) connections or more are closed: no descriptors for them (\(Self.cure))")
        }
        sources.withLock { $0 = [] }
        hasSources.store(false, ordering: .releasing)
        return connections
    }

    /// Carriers that have come are emptied from now on.
    ///
    /// - Returns: Whether there were descriptors for all of them.
    private func empty(_ inbox: CarrierInbox) -> Bool {
        while true {
            switch inbox.next() {
            case .nothing:
                return true
            case .carrier(let reader):
                add(reader)
            case .noRoom:
                return false
            case .unusable(let why):
                logger.error("\(CarrierInbox.name): \(why); what came is closed")
            case .ended:
                self.inbox.withLock { $0 = nil }
                noteWhetherEmpty()
                return true
            }
        }
    }

    /// - Parameters:
    ///   - more: Called for each message, behind which there may be another one.
    ///   - noRoom: Called for each carrier with more connections than there are free descriptors; nil is to try again later.
    private func receive(
        from isWanted: (CarrierReader) -> Bool,
        more: () -> Void = {},
        noRoom: ((CarrierReader, Int) -> Void)? = nil
    ) -> [CarriedConnection] {
        var connections: [CarriedConnection] = []
        for source in sources.withLock({ $0 }) where isWanted(source.reader) {
            switch source.reader.next() {
            case .nothing:
                break
            case .connections(let taken, let dropped):
                if dropped > 0 { logger.warning("\(source.reader.name): \(dropped) descriptors are no connections") }
                connections += taken
                more()
                note(taken.count, of: source.reader)
                if restUntil.withLock({ $0 }) != nil { restUntil.withLock { $0 = nil } }
            case .noRoom(let count):
                if let noRoom {
                    noRoom(source.reader, count)
                } else {
                    rest(source.reader.name, "no descriptors for \(count) connections")
                }
            case .unusable(let why):
                logger.error("\(source.reader.name): \(why); what came with it is closed")
                more()
            case .broken(let errno):
                logger.error("\(source.reader.name): cannot be read: \(errno)")
                forget(source.reader)
            case .ended:
                end(source.reader)
            }
        }
        return connections
    }

    private func note(_ count: Int, of reader: CarrierReader) {
        sources.withLock { sources in
            guard let index = sources.firstIndex(where: { $0.reader === reader }) else { return }
            sources[index].taken += count
        }
    }

    private func rest(_ name: String, _ what: String) {
        let isNew = restUntil.withLock { until in
            defer { until = .now + Self.rest }
            return until == nil
        }
        guard isNew else { return }
        logger.warning("\(name): \(what) (\(Self.cure)); it waits")
    }

    private func end(_ reader: CarrierReader) {
        let taken = forget(reader)
        emptied(reader.name)
        logger.info(
            "connections taken over from the previous generation: \(taken)",
            metadata: LifeEvent.takenOver.metadata
        )
    }

    /// - Returns: How many connections it has brought.
    @discardableResult
    private func forget(_ reader: CarrierReader) -> Int {
        defer { noteWhetherEmpty() }
        return sources.withLock { sources in
            guard let index = sources.firstIndex(where: { $0.reader === reader }) else { return 0 }
            return sources.remove(at: index).taken
        }
    }

    /// Notes whether there is something to be polled.
    private func noteWhetherEmpty() {
        hasSources.store(inbox.withLock { $0 != nil } || sources.withLock { !$0.isEmpty }, ordering: .releasing)
    }
}
