import NIOCore
import Synchronization

/// The connections of one server: counted from `accept` until their handler has returned, and reachable by a drain.
final class ConnectionRegister: Sendable {
    private struct State {
        var open = 0
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
        var isCut = false
        var reports = 0
    }

    /// More lines than this about connections that were cut would only drown the journal.
    static let reportLimit = 50

    private let state = Mutex(State())
    private let lastClosed: @Sendable () -> Void
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - report: Takes a line about a connection that is cut.
    ///   - lastClosed: Called, on any thread, each time the last open connection has closed while draining.
    init(report: @escaping @Sendable (String) -> Void, lastClosed: @escaping @Sendable () -> Void) {
        self.report = report
        self.lastClosed = lastClosed
    }

    /// How many connections are open.
    var open: Int { state.withLock { $0.open } }

    /// Connections have been accepted.
    func opened(_ count: Int) {
        state.withLock { $0.open += count }
    }

    /// The channel of a connection exists. On its event loop, once its pipeline is complete.
    func activated(_ channel: any Channel) {
        let (isDraining, isCut) = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return (state.isDraining, state.isCut)
        }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
        }
        if isDraining { announce(to: channel) }
        if isCut { cut(channel) }
    }

    /// A connection has closed and its handler has returned, or it could not be set up.
    func closed() {
        let isLast = state.withLock { state in
            state.open -= 1
            return state.isDraining && state.open == 0
        }
        if isLast { lastClosed() }
    }

    /// Tells every connection, and every one still on its way, that the server stops.
    func announceToAll() {
        let (channels, isEmpty) = state.withLock { state in
            state.isDraining = true
            return (Array(state.channels.values), state.open == 0)
        }
        for channel in channels { announce(to: channel) }
        // The last one may have closed before anybody was to be told of it.
        if isEmpty { lastClosed() }
    }

    /// Closes what is left, reporting each connection.
    func cutAll() {
        let channels = state.withLock { state in
            state.isDraining = true
            state.isCut = true
            return Array(state.channels.values)
        }
        for channel in channels { cut(channel) }
    }

    private func announce(to channel: any Channel) {
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
    }

    private func cut(_ channel: any Channel) {
        channel.eventLoop.execute {
            channel.pipeline.fireUserInboundEventTriggered(DrainEvent.cut(report: self.reportOne))
            channel.close(promise: nil)
        }
    }

    private func reportOne(_ line: String) {
        let count = state.withLock { state in
            state.reports += 1
            return state.reports
        }
        if count <= Self.reportLimit { report("connection cut at the drain's deadline: \(line)") }
        if count == Self.reportLimit { report("more connections are cut, without a line for each") }
    }
}
