public import NIOCore
public import NIOHTTP1
public import NIOWebSocket

/// A WebSocket connection, as a server's function has it: messages to read one after the other, and to send.
///
/// The closing handshake is Baton's. In a drain the client is told to go (1001): then nothing more can be sent, and ``messages`` ends
/// when the client has closed. When the function returns the connection is closed with code 1000, when it throws with 1011. Thread-safe.
public struct WebSocket: Sendable {
    /// A whole message, whatever frames it came in.
    public enum Message: Sendable, Hashable {
        /// Valid UTF-8.
        case text(String)
        /// Bytes.
        case binary(ByteBuffer)
    }

    /// The request by which the connection was opened.
    public let request: HTTPRequestHead
    /// What the client sends, to be read by one task. It ends when the client closes, and throws `ChannelError.eof` if the connection
    /// ends without that. A client whose messages are not read is not read from.
    public let messages: WebSocketMessages
    private let channel: any Channel
    private let frames: NIOLoopBound<WebSocketMessageHandler>

    init(request: HTTPRequestHead, messages: WebSocketMessages, channel: any Channel, handler: WebSocketMessageHandler)
    {
        self.request = request
        self.messages = messages
        self.channel = channel
        self.frames = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Sends a message, and returns when it has been handed to the kernel.
    ///
    /// - Throws: `ChannelError.outputClosed` when the connection is being closed, by a drain for example; the error of the connection.
    public func send(_ message: Message) async throws {
        switch message {
        case .text(let text): try await write(.text, ByteBuffer(string: text))
        case .binary(let bytes): try await write(.binary, bytes)
        }
    }

    /// Begins the closing handshake; one that has begun is not changed.
    ///
    /// - Parameters:
    ///   - code: Why.
    ///   - reason: Of it 123 bytes at most are sent.
    public func close(_ code: WebSocketErrorCode = .normalClosure, reason: String = "") async {
        try? await write(.connectionClose, WebSocketClose(code, reason).payload)
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) async throws {
        let frames = frames
        try await channel.eventLoop.flatSubmit {
            frames.value.write(WebSocketFrame(fin: true, opcode: opcode, data: data))
        }.get()
    }
}

/// The messages of a ``WebSocket``.
public struct WebSocketMessages: AsyncSequence, Sendable {
    typealias Producer = NIOThrowingAsyncSequenceProducer<
        WebSocket.Message, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark,
        WebSocketMessageHandler.Delegate
    >

    let producer: Producer
    let delegate: WebSocketMessageHandler.Delegate

    /// One pass over them.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var iterator: Producer.AsyncIterator

        /// The next message; nil when the client has closed.
        public mutating func next() async throws -> WebSocket.Message? { try await iterator.next() }
    }

    /// To be called once.
    public func makeAsyncIterator() -> AsyncIterator {
        delegate.noteReader()
        return AsyncIterator(iterator: producer.makeAsyncIterator())
    }
}
