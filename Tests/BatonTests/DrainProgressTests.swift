import Testing

@testable import Baton

@Suite struct DrainProgressTests {
    @Test func theLineIsForPeople() {
        var progress = DrainProgress()
        let many = progress.tick(requests: 12, idle: 3, activity: 0, left: .milliseconds(17_200))
        #expect(many.status == "draining: 12 requests, 3 idle connections, 18 s left")
        let one = progress.tick(requests: 1, idle: 1, activity: 0, left: .seconds(-1))
        #expect(one.status == "draining: 1 request, 1 idle connection, 0 s left")
    }

    @Test func patienceIsAskedForAsLongAsSomethingMoves() {
        var progress = DrainProgress()
        func patience(_ requests: Int, _ idle: Int, _ activity: UInt64, left: Duration = .seconds(30)) -> Duration? {
            progress.tick(requests: requests, idle: idle, activity: activity, left: left).extension
        }
        #expect(patience(2, 1, 0) == .seconds(5), "the first, before the unit's own limit")
        #expect(patience(2, 1, 0) == nil, "nothing moves")
        #expect(patience(2, 1, 7) == .seconds(5), "bytes move")
        #expect(patience(1, 1, 7) == .seconds(5), "a request is answered")
        #expect(patience(1, 0, 7) == .seconds(5), "a connection closes")
        #expect(patience(1, 0, 8, left: .seconds(2)) == .seconds(3), "not beyond the deadline, and its cut")
        #expect(patience(0, 0, 9, left: .zero) == nil, "the deadline is the end")
    }
}
