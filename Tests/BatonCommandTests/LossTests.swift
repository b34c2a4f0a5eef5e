import Synchronization
import Testing

@testable import BatonCommand

/// A server that loses one request of ten thousand in each way there is: the probe finds each of them, and nothing else.
struct LossTests {
    private enum Way: CaseIterable {
        case closedWithoutAnswer, resetBeforeAnswer, resetWithinAnswer, truncated, wrongBody, serverError
        case noAnswer, halfAnAnswer, garbage, twoAnswers, closedAsItIsWritten, refused

        var deed: LoopbackServer.Deed {
            let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npid 7"
            return switch self {
            case .closedWithoutAnswer, .closedAsItIsWritten: .close
            case .resetBeforeAnswer: .reset
            case .resetWithinAnswer: .writeAndReset(half)
            case .truncated: .writeAndClose(half)
            case .wrongBody: .write(Reply.reply("hello"))
            case .serverError: .write(Reply.reply("pid 7", status: "503 Service Unavailable"))
            case .noAnswer: .ignore
            case .halfAnAnswer: .write(half)
            case .garbage: .write("220 mail.example.org ESMTP\r\n")
            case .twoAnswers: .write(Reply.pid + Reply.pid)
            case .refused: .writeRefusing(Reply.reply("pid 7", fields: "Connection: close\r\n"))
            }
        }

        var kind: OutcomeKind {
            switch self {
            case .closedWithoutAnswer: .emptyReply
            case .resetBeforeAnswer, .resetWithinAnswer: .reset
            case .truncated: .truncated
            case .wrongBody: .wrongBody
            case .serverError: .serverError
            case .noAnswer, .halfAnAnswer: .timeout
            case .garbage, .twoAnswers: .other
            case .closedAsItIsWritten: .keepAliveClosedAfterWritten
            case .refused: .refused
            }
        }
    }

    /// What is to be done to which request.
    private struct Plot {
        /// From one to the next; all of them are done when four fifths of the requests are.
        static let spacing = 700

        private var left = Array(Way.allCases.reversed())
        private var requests = 0

        mutating func next(_ moment: LoopbackServer.Moment) -> LoopbackServer.Deed {
            requests += 1
            guard let way = left.last else { return .write(Reply.pid) }
            let isFresh = moment.request == 0
            let isDue = requests > Self.spacing * (Way.allCases.count - left.count)
            guard isDue, isFresh == (way == .closedWithoutAnswer) else { return .write(Reply.pid) }
            left.removeLast()
            return way.deed
        }
    }

    @Test func eachIsFoundForWhatItIs() async throws {
        let plot = Mutex(Plot())
        let result = try await LoopbackServer.with { moment in
            plot.withLock { $0.next(moment) }
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.modes, plan.connections, plan.rate) = ([.keepAlive], 32, 80)
            (plan.timeout, plan.load) = (.seconds(6), .steady(.seconds(120)))
            // Whose connection was ended has no other: only the one that is to be refused connects again.
            plan.pauseAfterFailure = .seconds(600)
            return try await run(plan) { $0[.ok] >= 10_000 - Way.allCases.count && $0.failures >= Way.allCases.count }
        }
        let (total, failures) = (result.record.tally.total, result.record.failures)
        let expected = Dictionary(Way.allCases.map { ($0.kind, 1) }, uniquingKeysWith: +)
        #expect(total.outcomes.filter(\.key.isFailure) == expected, "\(failures)")
        #expect(total.issued >= 10_000)
        #expect(total.issued == total[.ok] + Way.allCases.count)
        #expect(result.record.addsUp)
        // The five that end their connection, and the one that says so.
        #expect(total.serverCloses == [.unannounced: 5, .announced: 1])
    }
}
