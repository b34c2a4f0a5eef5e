import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Makes a channel of each accepted descriptor, on the event loops in turn.
///
/// `ClientBootstrap.withConnectedSocket` is SwiftNIO's public way to take a connection over; for the channel it makes no
/// difference which side called `connect`.
final class ConnectionOpener<Connection: Sendable>: Sendable {
    private let loops: [any EventLoop]
    private let next = Atomic(0)
    private let register: ConnectionRegister
    private let setUp: @Sendable (any Channel) -> EventLoopFuture<Connection>
    private let opened: @Sendable (Connection, any Channel) -> Void
    private let failed: @Sendable (any Error) -> Void

    /// - Parameters:
    ///   - setUp: Configures a connection's pipeline, on its event loop.
    ///   - opened: Takes a connection whose channel is active, on its event loop.
    ///   - failed: Told of a connection that could not be set up; its descriptor is closed.
    init(
        group: any EventLoopGroup,
        register: ConnectionRegister,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>,
        opened: @escaping @Sendable (Connection, any Channel) -> Void,
        failed: @escaping @Sendable (any Error) -> Void
    ) {
        self.loops = Array(group.makeIterator())
        self.register = register
        self.setUp = setUp
        self.opened = opened
        self.failed = failed
    }

    /// Opens connections, spread over the event loops. Thread-safe; returns at once.
    ///
    /// - Parameter descriptors: The connections, whose descriptors are the opener's from now on.
    func open(_ descriptors: [CInt]) {
        register.opened(descriptors.count)
        let first = Int(UInt(bitPattern: next.wrappingAdd(descriptors.count, ordering: .relaxed).oldValue) % UInt(loops.count))
        // One task for all connections of a loop: waking its thread costs more than opening one.
        for (offset, loop) in (loops[first...] + loops[..<first]).enumerated().prefix(descriptors.count) {
            loop.execute {
                for index in stride(from: offset, to: descriptors.count, by: self.loops.count) {
                    self.open(descriptors[index], on: loop)
                }
            }
        }
    }

    private func open(_ descriptor: CInt, on loop: any EventLoop) {
        let ready = NIOLoopBoundBox<Connection?>(nil, eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                self.setUp(channel).map { ready.value = $0 }
            }
            .withConnectedSocket(descriptor)
            .whenComplete { outcome in
                switch outcome {
                case .success(let channel):
                    self.register.activated(channel)
                    if let connection = ready.value { self.opened(connection, channel) }
                case .failure(let error):
                    self.register.closed()
                    self.failed(error)
                }
            }
    }
}
