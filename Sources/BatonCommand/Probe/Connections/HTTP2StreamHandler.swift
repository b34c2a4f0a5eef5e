import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import NIOSSL
import NIOTLS

/// The streams of one connection: tells each client what happens on its own.
final class HTTP2StreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// What the server may send of a response before it hears that some of it was read; the connection's own starts lower.
    static let window = 1 << 20
    private static let connectionWindow = 65_535

    private let headers: HPACKHeaders
    private let shared: SharedConnection
    private let hasTLS: Bool
    private var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: StreamTransport] = [:]
    private var waiting: [StreamTransport] = []
    private var next = HTTP2StreamID(1)
    /// The server's limit; nil before it has said its settings.
    private var room: Int?
    /// The number of streams has an end, which is before the connection's (RFC 9113, 5.1.1).
    private let lastStream: HTTP2StreamID
    private var consumed = 0
    private var isActive = false
    /// No more streams begin here.
    private var isRetired = false
    private var isReading = false
    private var hasFailed = false
    private var isClosing = false

    init(_ headers: HPACKHeaders, for shared: SharedConnection, hasTLS: Bool, lastStream: HTTP2StreamID) {
        (self.headers, self.shared, self.hasTLS, self.lastStream) = (headers, shared, hasTLS, lastStream)
    }

    /// Tells the client that it is connected when there is room for its stream.
    func open(_ transport: StreamTransport) {
        transport.connection = self
        waiting.append(transport)
        admit()
    }

    func begin(_ transport: StreamTransport) {
        guard let context else { return }
        let stream = next
        if stream < lastStream {
            next = next.advanced(by: 2)
        } else {
            isRetired = true
            shared.replace(self)
            moveWaiting()
        }
        streams[stream] = transport
        (transport.stream, transport.hasHead, transport.consumed) = (stream, false, 0)
        write(.headers(.init(headers: headers, endStream: true)), stream, context)
    }

    /// The client has done with its stream, whether that has ended or not.
    func cancel(_ transport: StreamTransport) {
        waiting.removeAll { $0 === transport }
        transport.connection = nil
        guard let stream = transport.stream else { return }
        transport.stream = nil
        guard streams.removeValue(forKey: stream) != nil, let context else { return }
        write(.rstStream(.cancel), stream, context)
        admit()
    }

    func close() {
        isClosing = true
        context?.close(promise: nil)
    }

    /// The connection has ended, or was never made: so have all streams.
    func fail(_ end: ConnectionEnd) {
        guard !hasFailed else { return }
        hasFailed = true
        if !isRetired, !isClosing, isActive { shared.retire(self, .unannounced) }
        shared.ended(self)
        for transport in take(streams.keys.sorted()) { transport.client.handle(.connectionEnded(end)) }
        let waiting = waiting
        self.waiting = []
        for transport in waiting { transport.client.handle(.connectFailed(end)) }
    }

    private func take(_ ended: [HTTP2StreamID]) -> [StreamTransport] {
        ended.compactMap { stream in
            let transport = streams.removeValue(forKey: stream)
            transport?.stream = nil
            return transport
        }
    }

    private func admit() {
        while !waiting.isEmpty, streams.count < room ?? 0, !isRetired {
            waiting.removeFirst().client.handle(.connected)
        }
    }

    /// What has no stream yet gets one on the next connection: nothing of it was sent.
    private func moveWaiting() {
        let waiting = waiting
        self.waiting = []
        for transport in waiting { shared.open(transport) }
    }

    private func write(_ payload: HTTP2Frame.FramePayload, _ stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
        if !isReading { context.flush() }
    }
}

// MARK: - Events

extension HTTP2StreamHandler {
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        isActive = true
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .settings(.settings(let settings)):
            // What is not said stays as it was; at first, there is no limit (RFC 9113, 6.5.2).
            room = settings.last { $0.parameter == .maxConcurrentStreams }?.value ?? room ?? Int(Int32.max)
            admit()
        case .headers(let headers): read(headers, frame.streamID)
        case .data(let data): read(data, frame.streamID, context)
        case .rstStream(let code):
            guard let transport = take([frame.streamID]).first else { break }
            let isRefused = code == .refusedStream
            transport.client.handle(
                isRefused ? .turnedAway("REFUSED_STREAM") : .connectionEnded(.streamReset("\(code)"))
            )
            admit()
        case .goAway(let last, _, _): goAway(last)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.flush()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if hasTLS, case TLSUserEvent.handshakeCompleted(let negotiated) = event, negotiated != "h2" {
            fail(.tls("the server did not choose h2 by ALPN, but \(negotiated ?? "nothing")"))
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.StreamClosed:
            break  // A frame of a stream that has been given up meanwhile.
        default:
            fail(ConnectionEnd(error))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.endOfFile)
        context.fireChannelInactive()
    }

    private func read(_ headers: HTTP2Frame.FramePayload.Headers, _ stream: HTTP2StreamID) {
        guard let transport = streams[stream] else { return }
        let status = headers.headers.first(name: ":status").flatMap { Int($0) }
        transport.client.handle(.received(headers.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }))
        if !transport.hasHead, let status, status >= 200 {
            transport.hasHead = true
            let version = HTTPVersion(major: 2, minor: 0)
            transport.client.handle(.head(HTTPResponseHead(version: version, status: .init(statusCode: status))))
        }
        if headers.endStream { end(stream) }
    }

    private func read(_ data: HTTP2Frame.FramePayload.Data, _ stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
        guard case .byteBuffer(let bytes) = data.data else { return }
        let count = bytes.readableBytes + (data.paddingBytes ?? 0)
        consumed += count
        if consumed > Self.connectionWindow / 2 {
            write(.windowUpdate(windowSizeIncrement: consumed), .rootStream, context)
            consumed = 0
        }
        guard let transport = streams[stream] else { return }
        transport.consumed += count
        if transport.consumed > Self.window / 2, !data.endStream {
            write(.windowUpdate(windowSizeIncrement: transport.consumed), stream, context)
            transport.consumed = 0
        }
        transport.client.handle(.received(bytes.readableBytes))
        transport.client.handle(.body(bytes))
        if data.endStream { end(stream) }
    }

    private func end(_ stream: HTTP2StreamID) {
        for transport in take([stream]) { transport.client.handle(.responseEnd) }
        admit()
    }

    /// What is above the last stream was not looked at, and can be sent again (RFC 9113, 6.8).
    private func goAway(_ last: HTTP2StreamID) {
        isRetired = true
        shared.retire(self, .announced)
        for transport in take(streams.keys.filter { $0 > last }.sorted()) {
            transport.client.handle(.turnedAway("above the last stream of GOAWAY"))
        }
        moveWaiting()
    }
}
