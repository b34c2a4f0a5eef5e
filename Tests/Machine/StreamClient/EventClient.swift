import NIOCore
import NIOHTTP1
import NIOPosix

/// Receives events as a browser's EventSource does, and comes again with the number of the last one it had. None may be missed or
/// come twice, and a stream has to end as a response does.
struct EventClient: StreamClient {
    private typealias Stream = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private var generation = 0
    private var last: Int64?
    private var retry = 3000

    mutating func connect(to port: Int, on group: any EventLoopGroup, _ progress: Progress) async throws {
        let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                return try Stream(wrappingChannelSynchronously: channel)
            }
        }
        var headers: HTTPHeaders = ["host": "machine", "accept": "text/event-stream"]
        if let last { headers.add(name: "last-event-id", value: "\(last)") }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/events", headers: headers)
        let before = self
        self = try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(.head(head))
            try await outbound.write(.end(nil))
            var client = before
            try await client.follow(inbound, progress)
            return client
        }
        if !progress.isOver { try await Task.sleep(for: .milliseconds(retry)) }
    }

    private mutating func follow(
        _ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>,
        _ progress: Progress
    ) async throws {
        var (text, isServed) = ("", false)
        for try await part in parts {
            switch part {
            case .head(let head):
                guard head.status == .ok else { throw Plan.Failure(description: "\(head.status)") }
            case .body(let bytes):
                text += String(buffer: bytes)
                while let end = text.firstRange(of: "\n\n") {
                    let isEvent = try take(text[..<end.lowerBound])
                    text.removeSubrange(..<end.upperBound)
                    guard isEvent else { continue }
                    progress.received()
                    if !isServed { progress.serves(generation) }
                    isServed = true
                }
                if progress.isOver { return }
            case .end:
                guard text.isEmpty else { throw Plan.Failure(description: "the stream ended within an event: \(text)") }
                generation += 1
                progress.wasClosed()
                return
            }
        }
        throw Plan.Failure(description: "the stream ended without the end of the response")
    }

    /// Takes what is between two empty lines; returns whether it was an event.
    private mutating func take(_ block: Substring) throws -> Bool {
        var (id, data) = (Int64?.none, Substring?.none)
        for line in block.split(separator: "\n") where !line.hasPrefix(":") {
            let parts = line.split(separator: ": ", maxSplits: 1)
            guard parts.count == 2 else { throw Plan.Failure(description: "not a field: \(line)") }
            switch parts[0] {
            case "id": id = Int64(parts[1])
            case "data": data = parts[1]
            case "retry": retry = Int(parts[1]) ?? retry
            default: throw Plan.Failure(description: "\(line)")
            }
        }
        guard let id, let data else { return false }
        if let last, id != last + 1 { throw Plan.Failure(description: "event \(id) came after \(last)") }
        guard data == "tick \(id), \(id / 10).\(id % 10) s since 1970" else {
            throw Plan.Failure(description: "event \(id) is '\(data)'")
        }
        last = id
        return true
    }
}
