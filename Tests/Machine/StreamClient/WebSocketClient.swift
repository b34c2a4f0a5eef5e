import NIOCore
import NIOPosix

/// Sends short messages, gets each back, and is told to go (1001) when the server does; 1006 is what it must never see: an end without
/// a Close frame.
struct WebSocketClient: StreamClient {
    private static let handshake =
        "GET /echo HTTP/1.1\r\nHost: machine\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    private var generation = 0

    mutating func connect(to port: Int, on group: any EventLoopGroup, _ progress: Progress) async throws {
        let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        let number = generation
        try await channel.executeThenClose { inbound, outbound in
            var frames = Frames(inbound)
            try await outbound.write(ByteBuffer(string: Self.handshake))
            let head = try await frames.readHead()
            guard head.hasPrefix("HTTP/1.1 101 ") else { throw Plan.Failure(description: "no 101: \(head)") }
            try await Self.talk(&frames, outbound, number, progress)
        }
        generation += 1
    }

    private static func talk(
        _ frames: inout Frames,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ generation: Int,
        _ progress: Progress
    ) async throws {
        var count = 0
        while !progress.isOver {
            let text = "message \(count) of \(generation)"
            try await outbound.write(Frames.masked(1, Array(text.utf8)))
            let (opcode, payload) = try await frames.next("an answer")
            if opcode == 8 {
                guard payload.starts(with: [3, 233]) else { throw Plan.Failure(description: "Close \(payload)") }
                try await outbound.write(Frames.masked(8, [3, 233]))
                try await frames.expectEnd()
                progress.wasClosed()
                return
            }
            guard opcode == 1, payload.elementsEqual(text.utf8) else {
                throw Plan.Failure(description: "'\(text)' came back as \(opcode) \(payload)")
            }
            progress.received()
            if count == 0 { progress.serves(generation) }
            count += 1
            try await Task.sleep(for: .milliseconds(.random(in: 100...300)))
        }
        try await outbound.write(Frames.masked(8, [3, 232]))
        let (opcode, payload) = try await frames.next("the answer to Close")
        guard opcode == 8, payload == [3, 232] else {
            throw Plan.Failure(description: "Close came back as \(opcode) \(payload)")
        }
        try await frames.expectEnd()
    }
}

/// The frames of a server, and before them its response.
struct Frames {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var bytes: [UInt8] = []

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) {
        iterator = inbound.makeAsyncIterator()
    }

    /// A short frame of a client.
    static func masked(_ opcode: UInt8, _ payload: [UInt8]) -> ByteBuffer {
        precondition(payload.count < 126)
        return ByteBuffer(bytes: [0x80 | opcode, 0x80 | UInt8(payload.count), 1, 1, 1, 1] + payload.map { $0 ^ 1 })
    }

    mutating func readHead() async throws -> String {
        while true {
            if let end = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) {
                defer { bytes.removeFirst(end + 4) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            try await receive("the handshake")
        }
    }

    mutating func next(_ what: String) async throws -> (opcode: UInt8, payload: [UInt8]) {
        while true {
            if bytes.count >= 2, bytes.count >= 2 + Int(bytes[1]) {
                let (opcode, length) = (bytes[0] & 15, Int(bytes[1]))
                guard length < 126 else { throw Plan.Failure(description: "a long frame of type \(opcode)") }
                defer { bytes.removeFirst(2 + length) }
                return (opcode, Array(bytes[2..<(2 + length)]))
            }
            try await receive(what)
        }
    }

    /// The server ends the connection first, and sends nothing more.
    mutating func expectEnd() async throws {
        guard bytes.isEmpty, try await iterator.next() == nil else {
            throw Plan.Failure(description: "data after Close")
        }
    }

    private mutating func receive(_ what: String) async throws {
        do {
            guard let more = try await iterator.next() else {
                throw Plan.Failure(description: "1006: FIN instead of \(what)")
            }
            bytes += more.readableBytesView
        } catch let error as IOError {
            throw Plan.Failure(description: "1006: errno \(error.errnoCode) instead of \(what)")
        }
    }
}
