import Foundation
public import SystemdTestKit

/// A complete HTTP/1.1 response, as a client finds it on the wire.
public struct HTTPReply: Sendable, CustomStringConvertible {
    /// The status code.
    public let status: Int
    /// The header fields, names in lower case; of repeated ones the last.
    public let headers: [String: String]
    /// The body, with the transfer coding taken off.
    public let body: [UInt8]

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The number after the word `pid` in the body: the process that answered.
    public var pid: Int32? {
        text.firstMatch(of: /pid[ :=]+([0-9]+)/).flatMap { Int32($0.1) }
    }

    /// Whether the server said that it will close the connection.
    public var closes: Bool { headers["connection"]?.lowercased().split(separator: ", ").contains("close") == true }

    /// Status and the beginning of the body, for a failed expectation.
    public var description: String { "\(status) \(headers) \(text.prefix(200))" }
}

extension Connection {
    /// Receives one complete response; nil if the peer closes before its first byte.
    public func reply(seconds: Double = 20) async throws -> HTTPReply? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var bytes: [UInt8] = []
        while true {
            if let (reply, length) = try HTTPReply.parse(bytes) {
                putBack(bytes[length...])
                return reply
            }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw ConnectionError.timeout }
            let more = try await receive(seconds: left / .seconds(1))
            if more.isEmpty {
                if bytes.isEmpty { return nil }
                throw ConnectionError.truncated
            }
            bytes += more
        }
    }

    /// Sends a GET on this connection and receives the response; nil if the peer closes without one.
    public func get(_ path: String, seconds: Double = 20) async throws -> HTTPReply? {
        try await send("GET \(path) HTTP/1.1\r\nHost: machine\r\n\r\n")
        return try await reply(seconds: seconds)
    }
}

extension Server {
    /// A GET on a connection of its own.
    public func get(_ path: String, seconds: Double = 20) async throws -> HTTPReply {
        guard let reply = try await connect().get(path, seconds: seconds) else { throw ConnectionError.truncated }
        return reply
    }
}
