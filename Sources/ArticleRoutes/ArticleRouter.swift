internal import HTTPTypes
public import Hummingbird
internal import Logging
internal import NIOCore
internal import ServiceLifecycle

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The routes of the article's server: an answer that takes as long as its client wants, and a few to try things with.
public enum ArticleRouter {
    /// The version `GET /` tells.
    public static let version = "0.1.0"

    /// More than a client can want to see how a large response is drained.
    private static let mostBytes = 1 << 30
    private static let chunk = ByteBuffer(repeating: UInt8(ascii: "."), count: 64 * 1024)

    private struct SleepForm: Decodable {
        var duration: String?
    }

    /// Builds the routes.
    ///
    /// - Parameters:
    ///   - start: The moment the process started, which `/sleep/` tells.
    ///   - greeting: What `GET /` begins with, asked for each request.
    /// - Returns: `GET /`, `GET` and `POST /sleep/`, `GET /bytes/N`, `GET /events`, `GET /health`.
    public static func make(
        start: ProcessStart,
        greeting: @escaping @Sendable () -> String = { "app" }
    ) -> Router<BasicRequestContext> {
        let router = Router()
        let pid = getpid()
        let identity = " \(version) pid \(pid)\n"

        router.get("/") { _, _ in greeting() + identity }
        router.get("/health") { _, _ in
            Task.isShuttingDownGracefully ? text(.serviceUnavailable, "draining") : text(.ok, "ok")
        }
        router.get("/sleep") { request, context in
            try await sleep(duration(ofQuery: request), start: start, pid: pid, logger: context.logger)
        }
        router.post("/sleep") { request, context in
            try await sleep(duration(ofForm: request, context), start: start, pid: pid, logger: context.logger)
        }
        router.get("/events") { request, _ in EventStream.response(to: request) }
        router.get("/bytes/:count") { _, context in try bytes(context.parameters.require("count")) }
        return router
    }

    static func text(_ status: HTTPResponse.Status, _ line: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: line + "\n"))
        )
    }

    private static func duration(ofQuery request: Request) -> String {
        request.uri.queryParameters["duration"].map(String.init) ?? ""
    }

    /// As Go's `FormValue`: what a form body says wins over the query; other bodies say nothing.
    private static func duration(ofForm request: Request, _ context: BasicRequestContext) async throws -> String {
        let isForm = request.headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded") ?? false
        guard isForm else { return duration(ofQuery: request) }
        let form = try await URLEncodedFormDecoder().decode(SleepForm.self, from: request, context: context)
        return form.duration ?? duration(ofQuery: request)
    }

    private static func sleep(
        _ length: String,
        start: ProcessStart,
        pid: pid_t,
        logger: Logger
    ) async throws -> Response {
        let duration: GoDuration
        do {
            duration = try GoDuration(length)
        } catch {
            return text(.badRequest, error.description)
        }
        logger.debug("going to sleep", metadata: ["duration": "\(length)"])
        if duration.nanoseconds > 0 { try await Task.sleep(for: duration.duration) }
        logger.debug("awake again")
        return text(.ok, "started at \(start) slept for \(duration.nanoseconds) nanoseconds from pid \(pid).")
    }

    private static func bytes(_ number: String) -> Response {
        guard let count = Int(number), (0...mostBytes).contains(count) else {
            return text(.badRequest, "/bytes/\(number): the number of bytes must be from 0 to \(mostBytes)")
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/octet-stream"],
            body: .init(contentLength: count) { writer in
                var left = count
                while left > 0 {
                    let size = min(left, chunk.readableBytes)
                    if let slice = chunk.getSlice(at: 0, length: size) { try await writer.write(slice) }
                    left -= size
                }
                try await writer.finish(nil)
            }
        )
    }
}
