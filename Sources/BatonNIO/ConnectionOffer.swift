internal import Baton
public import NIOCore
internal import SystemPackage
internal import Systemd

/// The offer of a server that stops to give its connections to the process that follows, made to each of them
/// (``DrainEvent/handOver(_:)``).
///
/// A connection that is given away stays open for its client, which notices nothing. Only what is in the socket goes over, and the bytes
/// that are said to: no state of a protocol.
public final class ConnectionOffer: Sendable {
    /// What became of giving a connection away.
    public enum Outcome: Sendable, Hashable {
        /// The connection is the next process's: close the channel, which sends nothing to the client.
        case moved
        /// There is no room at this moment: try again a little later.
        case later
        /// It cannot be moved: end it here.
        case refused
    }

    private struct Offered: Sendable {
        let channel: any Channel
        let connection: CarriedConnection
        let done: @Sendable (Outcome) -> Void
    }

    /// The connections of one event loop that are to go together.
    private struct Batch: Sendable {
        var offered: [Offered] = []
        var isCollecting = false
    }

    private struct Tally: Sendable {
        var moved = 0
        var kept: [String: Int] = [:]
    }

    private let way: CarrierWay
    /// Whether the carrier is emptied while it is filled.
    private let isEmptied: Bool
    private let batches: [ObjectIdentifier: NIOLoopBoundBox<Batch>]
    private let tally = Locked(Tally())
    private let moved: @Sendable ([any Channel]) -> Void

    /// - Parameters:
    ///   - carrier: Where connections are put.
    ///   - next: Finds another carrier, when nobody takes connections out of the one before; it may wait. Nil if there is none.
    ///   - isEmptied: Whether somebody takes them out already; if not, a full one is followed by another, too.
    ///   - loops: The event loops of the connections.
    ///   - moved: Told of those that are given away, on their event loop.
    init(
        carrier: Carrier,
        next: (@Sendable () -> Carrier?)? = nil,
        isEmptied: Bool,
        loops: [any EventLoop],
        moved: @escaping @Sendable ([any Channel]) -> Void
    ) {
        self.moved = moved
        way = CarrierWay(carrier, next: next)
        self.isEmptied = isEmptied
        batches = Dictionary(
            loops.map { (ObjectIdentifier($0), NIOLoopBoundBox.makeBoxSendingValue(Batch(), eventLoop: $0)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Gives a connection away. To be called on its event loop, when everything that was written has left the process.
    ///
    /// - Parameters:
    ///   - channel: The connection; nothing may be read from it any more.
    ///   - bytes: What has been received and not been used: the next process reads it first. 128 KiB at most.
    ///   - done: Called in the same turn of the event loop.
    public func take(_ channel: any Channel, bytes: [UInt8], done: @escaping @Sendable (Outcome) -> Void) {
        let descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        // One that has just closed needs no successor.
        guard channel.isActive else { return done(.refused) }
        guard let descriptor, let batch = batches[ObjectIdentifier(channel.eventLoop)] else {
            refuse("not a socket", done)
            return
        }
        guard bytes.count <= Carrier.mostBytes else {
            refuse("too much received of a request", done)
            return
        }
        batch.value.offered.append(
            Offered(channel: channel, connection: CarriedConnection(descriptor: descriptor, bytes: bytes), done: done)
        )
        if !batch.value.isCollecting { send(batch) }
    }

    /// Notes why a connection is not given away, for the log.
    public func decline(_ why: String) {
        tally.withLock { $0.kept[why, default: 0] += 1 }
    }

    /// Sends what `body` gives away in as few messages as possible. To be called on the event loop.
    func collect(on loop: any EventLoop, _ body: () -> Void) {
        guard let batch = batches[ObjectIdentifier(loop)] else { return body() }
        batch.value.isCollecting = true
        body()
        batch.value.isCollecting = false
        send(batch)
    }

    /// What became of the connections, for a line in the log.
    var report: String {
        let (moved, kept) = tally.withLock { ($0.moved, $0.kept) }
        let reasons = kept.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let rest = kept.isEmpty ? "" : "; not handed over: \(reasons.joined(separator: ", "))"
        return "connections handed over: \(moved)\(rest)"
    }

    private func send(_ batch: NIOLoopBoundBox<Batch>) {
        let offered = batch.value.offered
        guard !offered.isEmpty else { return }
        batch.value.offered = []
        let carrier = way.carrier
        let (count, failure) = carrier.put(offered.map(\.connection))
        tally.withLock { $0.moved += count }
        if count > 0 { moved(offered.prefix(count).map(\.channel)) }
        for entry in offered.prefix(count) { entry.done(.moved) }
        guard let failure else { return }
        let isOver = Self.ends.contains(failure) || failure == .wouldBlock && !isEmptied
        let mayPass = isOver ? way.renew(insteadOf: carrier) : isEmptied && Self.passing.contains(failure)
        for entry in offered.dropFirst(count) {
            if mayPass {
                entry.done(.later)
            } else {
                refuse(Self.reason(failure), entry.done)
            }
        }
    }

    private func refuse(_ why: String, _ done: (Outcome) -> Void) {
        decline(why)
        done(.refused)
    }

    /// What ends when the other side goes on reading.
    private static let passing: Set<Errno> = [.wouldBlock, .tooManyReferences, .noBufferSpace, .noMemory]

    /// What does not end.
    private static let ends: Set<Errno> = [.brokenPipe, .connectionReset]

    private static func reason(_ failure: Errno) -> String {
        switch failure {
        case .wouldBlock: "the carrier is full"
        case .tooManyReferences: "more descriptors under way than LimitNOFILE= of the unit allows"
        case .brokenPipe, .connectionReset: "nobody takes them any more"
        default: "\(failure)"
        }
    }
}
