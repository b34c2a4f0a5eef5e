import Hummingbird
import HummingbirdTesting
import HTTPTypes
import Testing

@testable import ArticleRoutes

/// Server-sent events that go on where they ended, whoever serves them.
@Suite struct EventStreamTests {
    @Test func aNewClientBeginsNow() {
        #expect(EventStream.start(after: nil, latest: 1000) == .from(1001, missed: nil))
    }

    @Test(arguments: [("1000", 1001), ("999", 1000), ("400", 401), ("1600", 1601)])
    func aClientGoesOnWhereItWas(last: String, first: Int64) {
        #expect(EventStream.start(after: last, latest: 1000) == .from(first, missed: nil))
    }

    @Test(arguments: [("399", 400), ("0", 1), ("7", 8)])
    func whatIsTooOldIsSaidToBeMissing(last: String, firstMissed: Int64) {
        #expect(EventStream.start(after: last, latest: 1000) == .from(401, missed: firstMissed...400))
    }

    @Test(arguments: ["", "abc", "1.5", "-1", "1601", "9223372036854775807", "9223372036854775808", " 5", "5\u{0}"])
    func aNumberThatCannotBeIsRefused(last: String) throws {
        guard case .refused(let reason) = EventStream.start(after: last, latest: 1000) else {
            Issue.record("it was taken")
            return
        }
        #expect(reason.hasPrefix("Last-Event-ID: "), "\(reason)")
    }

    @Test func theRefusalIsABadRequest() async throws {
        let application = Application(router: ArticleRouter.make(start: .now()))
        try await application.test(.router) { client in
            let name = try #require(HTTPField.Name("Last-Event-ID"))
            let reply = try await client.execute(uri: "/events", method: .get, headers: [name: "x"])
            #expect(reply.status == .badRequest)
            #expect(String(buffer: reply.body).contains("'x'"))
        }
    }

    @Test func anEventSaysWhatFollowsFromItsNumber() {
        #expect(Ticks.text(17_638_500_007) == "id: 17638500007\ndata: tick 17638500007, 1763850000.7 s since 1970\n\n")
    }

    /// A client that did not read for a day would be sent that day in one piece.
    @Test func noMoreComeAtATimeThanAreGivenOfThePast() async {
        let first = Ticks.latest - 3 * Int64(EventStream.longestReplay)
        var next = first
        for await numbers in Ticks(first: first) {
            #expect(numbers.lowerBound == next && numbers.count <= EventStream.longestReplay)
            next = numbers.upperBound + 1
            if next > Ticks.latest - 5 { break }
        }
    }

    @Test func eventsComeInOrderAndNotBeforeTheirTime() async {
        var next = Ticks.latest - 5
        let end = Ticks.latest + 3
        for await numbers in Ticks(first: next) {
            #expect(numbers.lowerBound == next)
            #expect(numbers.upperBound <= Ticks.latest)
            next = numbers.upperBound + 1
            if next > end { break }
        }
    }
}
