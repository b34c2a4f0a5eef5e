import NIOCore
import Synchronization
import Systemd

/// The connections of one server: counted from `accept` until their handler has returned, and reachable by a drain.
///
/// The channels are kept by event loop, each loop's touched on that loop only, so that a connection costs no lock.
final class ConnectionRegister: Sendable {
    private typealias Channels = NIOLoopBoundBox<[ObjectIdentifier: (channel: any Channel, token: ConnectionToken)]>

    /// More lines than this about connections that were cut would only drown the journal.
    static let reportLimit = 50

    private let loops: [any EventLoop]
    private let channels: [Channels]
    private let count: OpenCount
    private let isDraining = Atomic(false)
    private let isCut = Atomic(false)
    private let reports = Atomic(0)
    /// Set before the drain is announced.
    private let offer = Locked<ConnectionOffer?>(nil)
    private let lastClosed: @Sendable () -> Void
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - count: Counts the open connections.
    ///   - report: Takes a line about a connection that is cut.
    ///   - lastClosed: Called, on any thread, each time the last open connection has closed while draining.
    init(
        loops: [any EventLoop],
        count: OpenCount,
        report: @escaping @Sendable (String) -> Void,
        lastClosed: @escaping @Sendable () -> Void
    ) {
        self.loops = loops
        self.count = count
        self.channels = loops.map { Channels.makeBoxSendingValue([:], eventLoop: $0) }
        self.report = report
        self.lastClosed = lastClosed
    }

    /// Connections have been accepted.
    func opened(_ connections: Int) {
        count.opened(connections)
    }

    /// The channel of a connection is active. To be called on its event loop, the one at `index`.
    func activated(_ channel: any Channel, _ token: ConnectionToken, loop index: Int) {
        let (id, channels) = (ObjectIdentifier(channel), channels[index])
        channels.value[id] = (channel, token)
        channel.closeFuture.whenComplete { _ in channels.value[id] = nil }
        if isDraining.load(ordering: .sequentiallyConsistent) { announce(to: channel) }
        if isCut.load(ordering: .sequentiallyConsistent) { cut(channel) }
    }

    /// Other processes have these connections: the ends of their channels and handlers are not waited for. To be called on their
    /// event loop.
    func moved(_ moved: [any Channel]) {
        guard let loop = moved.first?.eventLoop, let index = loops.firstIndex(where: { $0 === loop }) else { return }
        for channel in moved {
            guard let entry = channels[index].value.removeValue(forKey: ObjectIdentifier(channel)) else { continue }
            entry.token.move()
            closed()
        }
    }

    /// A connection has closed and its handler has returned, or it could not be set up.
    func closed() {
        if count.closed(), isDraining.load(ordering: .sequentiallyConsistent) { lastClosed() }
    }

    /// What is offered to the connections when it is announced that the server stops.
    func offer(_ offer: ConnectionOffer) {
        self.offer.withLock { $0 = offer }
    }

    /// Opens connections that have come together, so that they go together if the server stops. To be called on their event loop.
    func together(on loop: any EventLoop, _ open: () -> Void) {
        if let offer = offer.withLock({ $0 }) { offer.collect(on: loop, open) } else { open() }
    }

    /// What became of the offer; nil if there was none.
    var handOverReport: String? { offer.withLock { $0 }?.report }

    /// Tells every connection, and every one still on its way, that the server stops.
    func announceToAll() {
        isDraining.store(true, ordering: .sequentiallyConsistent)
        for (loop, channels) in zip(loops, channels) {
            loop.execute { [self] in
                let all = channels.value.values.map(\.channel)
                let announce = { for channel in all { self.announce(to: channel) } }
                if let offer = offer.withLock({ $0 }) { offer.collect(on: loop, announce) } else { announce() }
            }
        }
        // The last one may have closed before anybody was to be told of it.
        if count.open == 0 { lastClosed() }
    }

    /// Closes what is left, reporting each connection.
    func cutAll() {
        isDraining.store(true, ordering: .sequentiallyConsistent)
        isCut.store(true, ordering: .sequentiallyConsistent)
        let counts = zip(loops, channels).map { loop, channels in loop.submit { channels.value.count } }
        if let first = loops.first {
            EventLoopFuture.whenAllSucceed(counts, on: first).whenSuccess { [self] counts in
                let gone = count.open - counts.reduce(0, +)
                if gone > 0 {
                    report("handlers cancelled that had not returned although their connections had closed: \(gone)")
                }
            }
        }
        forEachChannel(cut)
    }

    /// Asks every connection what it is at. An event loop that does not answer in time is not waited for.
    func census(within limit: Duration) async -> ConnectionCensus {
        let (answers, answer) = AsyncStream.makeStream(of: (channels: Int, sum: ConnectionCensus).self)
        for (loop, channels) in zip(loops, channels) {
            loop.execute {
                let parts = channels.value.values.map { Self.ask($0.channel) }
                answer.yield((parts.count, parts.reduce(ConnectionCensus(), +)))
            }
        }
        let timer = Task {
            try? await Task.sleep(for: limit)
            answer.finish()
        }
        defer { timer.cancel() }
        var (census, known, missing) = (ConnectionCensus(), 0, loops.count)
        for await (channels, sum) in answers {
            census = census + sum
            known += channels
            missing -= 1
            if missing == 0 { break }
        }
        // Handlers whose connections have closed, connections on their way, and those of loops that did not answer.
        census.requests += max(0, count.open - known)
        return census
    }

    private static func ask(_ channel: any Channel) -> ConnectionCensus {
        let answer = Locked<ConnectionCensus?>(nil)
        channel.pipeline.fireUserInboundEventTriggered(
            DrainEvent.census { said in answer.withLock { if $0 == nil { $0 = said } } }
        )
        return answer.withLock { $0 } ?? ConnectionCensus(requests: 1)
    }

    private func forEachChannel(_ body: @escaping @Sendable (any Channel) -> Void) {
        for (loop, channels) in zip(loops, channels) {
            // A copy: the body may close channels, which then leave the original.
            loop.execute { for channel in channels.value.values.map(\.channel) { body(channel) } }
        }
    }

    private func announce(to channel: any Channel) {
        if let offer = offer.withLock({ $0 }) {
            channel.pipeline.fireUserInboundEventTriggered(DrainEvent.handOver(offer))
        }
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
    }

    private func cut(_ channel: any Channel) {
        let isReported = Atomic(false)
        channel.pipeline.fireUserInboundEventTriggered(
            DrainEvent.cut { [self] line in
                isReported.store(true, ordering: .relaxed)
                reportOne(line)
            }
        )
        if !isReported.load(ordering: .relaxed) {
            reportOne("\(PeerName(channel.remoteAddress)): its pipeline has no handler that says what it was doing")
        }
        channel.close(promise: nil)
    }

    private func reportOne(_ line: String) {
        let count = reports.add(1, ordering: .relaxed).newValue
        if count <= Self.reportLimit { report("connection cut at the drain's deadline: \(line)") }
        if count == Self.reportLimit { report("more connections are cut, without a line for each") }
    }
}
