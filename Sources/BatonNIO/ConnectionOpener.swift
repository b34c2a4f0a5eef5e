import Baton
import NIOCore
import NIOPosix
import Synchronization

/// Makes a channel of each accepted descriptor, on the event loops in turn.
///
/// `ClientBootstrap.withConnectedSocket` is SwiftNIO's public way to take a connection over; for the channel it makes no
/// difference which side called `connect`.
final class ConnectionOpener<Connection: Sendable>: Sendable {
    /// What an event loop needs to open connections.
    private struct Loop: Sendable {
        let loop: any EventLoop
        let bootstrap: NIOLoopBoundBox<ClientBootstrap>
        /// Connections that are set up and whose channel is not active yet.
        let pending: NIOLoopBoundBox<[ObjectIdentifier: (channel: any Channel, connection: Connection)]>
        /// What the next connection to be set up has received in another process.
        let received: NIOLoopBoundBox<[UInt8]>
    }

    private let loops: [Loop]
    private let next = Atomic(0)
    private let register: ConnectionRegister
    private let opened: @Sendable (Connection, any Channel, ConnectionToken) -> Void
    private let failed: @Sendable (any Error) -> Void

    /// - Parameters:
    ///   - loops: The event loops, in the register's order.
    ///   - setUp: Configures a connection's pipeline, on its event loop.
    ///   - opened: Takes a connection whose channel is active, on its event loop.
    ///   - failed: Told of a connection that could not be set up, and is not opened; its descriptor is closed.
    init(
        loops: [any EventLoop],
        register: ConnectionRegister,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>,
        opened: @escaping @Sendable (Connection, any Channel, ConnectionToken) -> Void,
        failed: @escaping @Sendable (any Error) -> Void
    ) {
        self.loops = loops.map { loop in
            let pending = NIOLoopBoundBox.makeBoxSendingValue(
                [ObjectIdentifier: (channel: any Channel, connection: Connection)](),
                eventLoop: loop
            )
            let received = NIOLoopBoundBox.makeBoxSendingValue([UInt8](), eventLoop: loop)
            let bootstrap = ClientBootstrap(group: loop)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in
                    // SwiftNIO calls this before `withConnectedSocket` returns.
                    let bytes = received.value
                    return setUp(channel).flatMapThrowing { connection in
                        pending.value[ObjectIdentifier(channel)] = (channel, connection)
                        guard !bytes.isEmpty else { return }
                        let handler = CarriedBytesHandler(channel.allocator.buffer(bytes: bytes))
                        try channel.pipeline.syncOperations.addHandler(handler, position: .first)
                    }
                }
            return Loop(
                loop: loop,
                bootstrap: .makeBoxSendingValue(bootstrap, eventLoop: loop),
                pending: pending,
                received: received
            )
        }
        self.register = register
        self.opened = opened
        self.failed = failed
    }

    /// Opens connections, spread over the event loops. Thread-safe; returns at once.
    ///
    /// - Parameters:
    ///   - connections: The connections, whose descriptors are the opener's from now on.
    ///   - done: Called when each event loop has had its turn with them, on one of them.
    func open(_ connections: [CarriedConnection], done: (@Sendable () -> Void)? = nil) {
        register.opened(connections.count)
        let left = done.map { (Countdown(min(connections.count, loops.count)), $0) }
        let turn = next.add(connections.count, ordering: .relaxed).oldValue
        // One task for all connections of a loop: waking its thread costs more than opening one.
        for offset in 0..<min(connections.count, loops.count) {
            let index = (turn + offset) % loops.count
            loops[index].loop.execute {
                self.register.together(on: self.loops[index].loop) {
                    for position in stride(from: offset, to: connections.count, by: self.loops.count) {
                        self.open(connections[position], loop: index)
                    }
                }
                if let (left, done) = left, left.isLast() { done() }
            }
        }
    }

    private func open(_ carried: CarriedConnection, loop index: Int) {
        let pending = loops[index].pending
        loops[index].received.value = carried.bytes
        let opened = loops[index].bootstrap.value.withConnectedSocket(carried.descriptor)
        loops[index].received.value = []
        opened.whenComplete { outcome in
            switch outcome {
            case .success(let channel):
                let token = ConnectionToken()
                self.register.activated(channel, token, loop: index)
                if let (channel, connection) = pending.value.removeValue(forKey: ObjectIdentifier(channel)) {
                    self.opened(connection, channel, token)
                }
            case .failure(let error):
                // One that was set up and could not be registered is closed, and its handler is to find that out.
                guard let (id, entry) = pending.value.first(where: { !$0.value.channel.isActive }) else {
                    self.failed(error)
                    self.register.closed()
                    return
                }
                pending.value[id] = nil
                self.opened(entry.connection, entry.channel, ConnectionToken())
            }
        }
    }
}

/// Tells the last of several from the others. Thread-safe.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    func isLast() -> Bool { left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}
