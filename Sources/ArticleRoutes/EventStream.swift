internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServiceLifecycle

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Server-sent events that a restart does not interrupt for more than a moment: `GET /events`.
///
/// In a drain the stream ends after a whole event, and its client comes again, with the number of the last event it had.
enum EventStream {
    /// How many events of the past are given to a client that asks for them: a minute.
    static let longestReplay = 600
    /// How long a client waits before it comes again, in milliseconds. Nothing is lost by coming soon: it waits in the backlog.
    private static let retry = 100

    /// Where a stream begins, or why it can not.
    enum Start: Hashable {
        /// With this number; `missed` are those before it that the client has not had and that are too old to be given.
        case from(Int64, missed: ClosedRange<Int64>?)
        case refused(String)
    }

    /// - Parameters:
    ///   - last: The header `Last-Event-ID` of the request.
    ///   - latest: The newest event there is.
    static func start(after last: String?, latest: Int64) -> Start {
        guard let last else { return .from(latest + 1, missed: nil) }
        guard let number = Int64(last), number >= 0, number < .max else {
            return .refused("Last-Event-ID: '\(last)': it is the number of an event, as in the field id of each")
        }
        guard number <= latest + Int64(longestReplay) else {
            return .refused(
                "Last-Event-ID: \(number): there is no such event yet, the newest is \(latest); "
                    + "was it another server's, or has the clock been set back?"
            )
        }
        let oldest = latest - Int64(longestReplay) + 1
        guard number + 1 < oldest else { return .from(number + 1, missed: nil) }
        return .from(oldest, missed: (number + 1)...(oldest - 1))
    }

    static func response(to request: Request) -> Response {
        let first: Int64
        var begin = ": pid \(getpid())\nretry: \(retry)\n\n"
        switch start(after: HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }, latest: Ticks.latest) {
        case .refused(let reason):
            return ArticleRouter.text(.badRequest, reason)
        case .from(let number, let missed):
            first = number
            if let missed {
                // Without an id: the number of the last event stays what it is.
                begin += "event: missed\ndata: \(missed.lowerBound) to \(missed.upperBound) are more than "
                begin += "\(longestReplay) events ago\n\n"
            }
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: .init { [begin] writer in
                try await writer.write(ByteBuffer(string: begin))
                for await numbers in Ticks(first: first).cancelOnGracefulShutdown() {
                    try await writer.write(ByteBuffer(string: numbers.map(Ticks.text).joined()))
                }
                try await writer.finish(nil)
            }
        )
    }
}
