import MachineKit
import SystemdTestKit

/// The client's end of a WebSocket, whose frames the test chooses one by one.
struct WebSocketClient: Sendable {
    struct Frame: Hashable {
        var opcode: UInt8
        var payload: [UInt8]
        var isFinal = true

        var text: String { String(decoding: payload, as: UTF8.self) }
        /// The status code of a Close frame.
        var code: Int? { opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
    }

    static let handshake = """
        Host: a\r
        Connection: keep-alive, Upgrade\r
        Upgrade: websocket\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """

    let connection: Connection

    /// Changes a connection to WebSocket.
    static func open(_ path: String, on connection: Connection) async throws -> WebSocketClient {
        try await connection.send("GET \(path) HTTP/1.1\r\n\(handshake)")
        let client = WebSocketClient(connection: connection)
        let head = try await client.readHead()
        // What RFC 6455 (1.3) has for this key.
        guard head.hasPrefix("HTTP/1.1 101 "), head.lowercased().contains("upgrade: websocket"),
            head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        else { throw MachineError("no WebSocket: \(head)") }
        return client
    }

    func readHead() async throws -> String {
        var bytes: [UInt8] = []
        while true {
            if let end = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) {
                connection.putBack(bytes[(end + 4)...])
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            let more = try await connection.receive()
            guard !more.isEmpty else { throw ConnectionError.truncated }
            bytes += more
        }
    }

    func send(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) async throws {
        try await connection.send(Self.bytes(opcode, payload, isFinal: isFinal))
    }

    func send(_ text: String) async throws { try await send(1, Array(text.utf8)) }

    func close(_ code: Int) async throws { try await send(8, [UInt8(code >> 8), UInt8(code & 255)]) }

    /// A frame on the wire, masked with a key of ones.
    static func bytes(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, announcing length: Int? = nil)
        -> [UInt8]
    {
        let length = length ?? payload.count
        var bytes = [(isFinal ? 0x80 : 0) | opcode]
        if length < 126 {
            bytes.append(0x80 | UInt8(length))
        } else if length < 65536 {
            bytes += [0x80 | 126, UInt8(length >> 8), UInt8(length & 255)]
        } else {
            bytes += [0x80 | 127] + (0..<8).reversed().map { UInt8(length >> ($0 * 8) & 255) }
        }
        return bytes + [1, 1, 1, 1] + payload.map { $0 ^ 1 }
    }

    /// The next frame; nil at the end of the connection, which must be a FIN.
    func receive() async throws -> Frame? {
        var bytes: [UInt8] = []
        while true {
            if let (frame, length) = Self.parse(bytes) {
                connection.putBack(Array(bytes[length...]))
                return frame
            }
            let more = try await connection.receive()
            if more.isEmpty {
                guard bytes.isEmpty else { throw ConnectionError.truncated }
                return nil
            }
            bytes += more
        }
    }

    private static func parse(_ bytes: [UInt8]) -> (Frame, Int)? {
        guard bytes.count >= 2 else { return nil }
        var (length, start) = (Int(bytes[1] & 127), 2)
        if length >= 126 {
            let size = length == 126 ? 2 : 8
            guard bytes.count >= 2 + size else { return nil }
            length = bytes[2..<(2 + size)].reduce(0) { $0 << 8 | Int($1) }
            start += size
        }
        guard bytes.count >= start + length else { return nil }
        let payload = Array(bytes[start..<(start + length)])
        return (Frame(opcode: bytes[0] & 15, payload: payload, isFinal: bytes[0] & 128 != 0), start + length)
    }
}
