import NIOCore
import Synchronization
import Systemd

/// What `onServerRunning` is given: it tells where the server listens, and closing it stops the server.
///
/// There is no server channel behind it: connections are accepted by a loop that leaves the listen socket as its holder
/// made it. Everything that would need one fails with `ChannelError.operationUnsupported`.
final class ListenerChannel: Channel, ChannelCore {
    let allocator = ByteBufferAllocator()
    let localAddress: NIOCore.SocketAddress?
    let eventLoop: any EventLoop
    private let closePromise: EventLoopPromise<Void>
    private let stop: @Sendable () -> Void
    private let isOpen = Atomic(true)
    /// A pipeline refers to its channel without keeping it, so it can only be made by the finished channel.
    private let madePipeline = Locked<ChannelPipeline?>(nil)

    init(listeningAt address: Systemd.SocketAddress?, eventLoop: any EventLoop, stop: @escaping @Sendable () -> Void) {
        self.localAddress = address.flatMap(Self.convert)
        self.eventLoop = eventLoop
        self.closePromise = eventLoop.makePromise()
        self.stop = stop
    }

    /// A promise must be kept, also that of a server that was never run.
    deinit { ended() }

    /// The server has ended.
    func ended() {
        guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
        closePromise.succeed()
    }

    var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    var isActive: Bool { isOpen.load(ordering: .acquiring) }
    var isWritable: Bool { false }
    var remoteAddress: NIOCore.SocketAddress? { nil }
    var parent: (any Channel)? { nil }
    // swift-format-ignore: NoLeadingUnderscores
    var _channelCore: any ChannelCore { self }

    var pipeline: ChannelPipeline {
        madePipeline.withLock { pipeline in
            if let pipeline { return pipeline }
            let made = ChannelPipeline(channel: self)
            pipeline = made
            return made
        }
    }

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func localAddress0() throws -> NIOCore.SocketAddress {
        guard let localAddress else { throw ChannelError.unknownLocalAddress }
        return localAddress
    }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if let promise { closeFuture.cascade(to: promise) }
        stop()
    }

    func remoteAddress0() throws -> NIOCore.SocketAddress { throw ChannelError.operationUnsupported }
    func register0(promise: EventLoopPromise<Void>?) { refuse(promise) }
    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { refuse(promise) }
    func bind0(to: NIOCore.SocketAddress, promise: EventLoopPromise<Void>?) { refuse(promise) }
    func connect0(to: NIOCore.SocketAddress, promise: EventLoopPromise<Void>?) { refuse(promise) }
    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) { refuse(promise) }
    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) { refuse(promise) }
    func flush0() {}
    func read0() {}
    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}

    private func refuse(_ promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    private static func convert(_ address: Systemd.SocketAddress) -> NIOCore.SocketAddress? {
        switch address {
        case .ipv4(let host, let port), .ipv6(let host, let port):
            try? NIOCore.SocketAddress(ipAddress: host, port: Int(port))
        case .unix(let path):
            try? NIOCore.SocketAddress(unixDomainSocketPath: path)
        case .abstract, .unnamed, .other:
            nil
        }
    }
}
