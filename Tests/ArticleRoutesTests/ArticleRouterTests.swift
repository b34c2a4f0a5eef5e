import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import ArticleRoutes

@Suite struct ArticleRouterTests {
    private let start = ProcessStart.now()

    private func answer(
        _ method: HTTPRequest.Method,
        _ uri: String,
        form: String? = nil
    ) async throws -> (status: HTTPResponse.Status, body: String) {
        let application = Application(responder: ArticleRouter.make(start: start).buildResponder())
        return try await application.test(.router) { client in
            let headers: HTTPFields = form == nil ? [:] : [.contentType: "application/x-www-form-urlencoded"]
            return try await client.execute(
                uri: uri,
                method: method,
                headers: headers,
                body: form.map { ByteBuffer(string: $0) }
            ) { ($0.status, String(buffer: $0.body)) }
        }
    }

    @Test(arguments: [
        ("/sleep/?duration=1ms", nil, 1_000_000), ("/sleep?duration=1.5us", nil, 1500),
        ("/sleep/?duration=2%C2%B5s", nil, 2000), ("/sleep/", "duration=3ms", 3_000_000),
        ("/sleep/?duration=1h", "duration=3ms", 3_000_000), ("/sleep/?duration=4ms", "other=1h", 4_000_000),
        ("/sleep/?duration=0", nil, 0), ("/sleep/?duration=-1h", nil, -3_600_000_000_000),
    ])
    func sleepsAsLongAsItIsAsked(uri: String, form: String?, nanoseconds: Int) async throws {
        let answer = try await answer(form == nil ? .get : .post, uri, form: form)
        #expect(answer.status == .ok)
        #expect(
            answer.body == "started at \(start) slept for \(nanoseconds) nanoseconds from pid \(getpid()).\n"
        )
    }

    @Test(arguments: [
        ("/sleep/?duration=abc", #"time: invalid duration "abc""#),
        ("/sleep/?duration=20", #"time: missing unit in duration "20""#),
        ("/sleep/?duration=2x", #"time: unknown unit "x" in duration "2x""#),
        ("/sleep/", #"time: invalid duration """#),
        ("/bytes/-1", "/bytes/-1: the number of bytes must be from 0 to 1073741824"),
        ("/bytes/many", "/bytes/many: the number of bytes must be from 0 to 1073741824"),
    ])
    func refusesWhatItCannotDo(uri: String, message: String) async throws {
        let answer = try await answer(.get, uri)
        #expect(answer.status == .badRequest)
        #expect(answer.body == message + "\n")
    }

    @Test(arguments: [0, 1, 65_536, 1_000_000])
    func sendsBytes(count: Int) async throws {
        let answer = try await answer(.get, "/bytes/\(count)")
        #expect(answer.body.utf8.count == count)
    }

    @Test func saysWhoItIs() async throws {
        #expect(try await answer(.get, "/").body == "app 0.1.0 pid \(getpid())\n")
        #expect(try await answer(.get, "/health").body == "ok\n")
    }
}
