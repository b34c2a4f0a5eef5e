import NIOCore
import NIOHTTP1
import Testing

@testable import BatonCommand

/// What an answer says of the instance that is checked, and what it does not.
@Suite struct HealthCheckTests {
    private static let unit = UnitName("app@b")

    private func judge(_ status: Result<HTTPResponseStatus, any Error>, isOwn: Bool?) throws -> InstanceAnswers {
        try HealthCheck(.tcp(host: "127.0.0.1", port: 1), path: "/health")
            .judge(status, isOwn: isOwn, try #require(Self.unit))
    }

    @Test func goodAnswers() throws {
        #expect(try judge(.success(.noContent), isOwn: true) == InstanceAnswers(good: 1))
        #expect(try judge(.success(.ok), isOwn: nil) == InstanceAnswers(unknown: 1))
        #expect(try judge(.success(.ok), isOwn: false) == InstanceAnswers(others: 1))
    }

    /// What is wrong with the old one is what the new one is for.
    @Test func whatTheOtherInstanceDoesIsNotItsFault() throws {
        #expect(try judge(.success(.serviceUnavailable), isOwn: false) == InstanceAnswers(others: 1))
        #expect(try judge(.failure(ChannelError.eof), isOwn: false) == InstanceAnswers(others: 1))
    }

    @Test func whatCannotBeToldCountsOnlyWhereNothingCan() {
        #expect(InstanceAnswers(unknown: 3).counted == 3)
        #expect(InstanceAnswers(others: 5, unknown: 1).counted == 0)
        #expect(InstanceAnswers(good: 2, others: 5, unknown: 1).counted == 2)
    }

    @Test func whatCountsAgainstIt() throws {
        let own = try judge(.success(.serviceUnavailable), isOwn: true)
        #expect(own.complaint == "http://127.0.0.1:1/health: 503 Service Unavailable, of app@b.service")
        let either = try judge(.success(.notFound), isOwn: nil)
        #expect(either.complaint == "http://127.0.0.1:1/health: 404 Not Found, of one of the instances")
        for isOwn in [true, nil] {
            #expect(try judge(.failure(ChannelError.eof), isOwn: isOwn).complaint != nil)
        }
    }
}
