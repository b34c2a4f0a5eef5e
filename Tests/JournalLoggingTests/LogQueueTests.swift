import Dispatch
import Logging
import Testing

@testable import JournalLogging

@Suite struct LogQueueTests {
    private func logger(_ sent: SentLines, limits: LogQueue.Limits = .init()) -> (Logger, LogOutput) {
        let output = sent.output(.linesWithPriority, limits: limits)
        return (Logger(label: "") { JournalLogHandler(label: $0, output: output) }, output)
    }

    @Test func whatDoesNotFitIsCountedBeforeTheNextLineThatDoes() {
        let sent = SentLines(held: true)
        let (logger, output) = logger(sent, limits: .init(lines: 3))
        logger.info("0")
        #expect(sent.waitForSender())
        // One is with the sender, two more fit, two do not.
        for number in 1...4 { logger.info("\(number)") }
        sent.letThrough(1)
        #expect(sent.waitForSender())
        logger.info("5")
        logger.info("6")
        sent.letThrough(100)
        #expect(
            sent.text(of: output)
                == "<6>0\n<6>1\n<6>2\n<4>2 log lines were lost: the journal did not take them in time\n<6>5\n"
                + "<4>1 log line was lost: the journal did not take it in time\n"
        )
    }

    @Test func memoryIsLimitedAndAnEmptyQueueTakesALineOfAnySize() {
        let sent = SentLines(held: true)
        let (logger, output) = logger(sent, limits: .init(bytes: 10_000))
        let large = String(repeating: "x", count: 100_000)
        logger.info("\(large)")
        #expect(sent.waitForSender())
        logger.info("lost")
        sent.letThrough(100)
        #expect(
            sent.text(of: output)
                == "<6>\(large)\n<4>1 log line was lost: the journal did not take it in time\n"
        )
    }

    @Test func aLineThatCannotBeSentIsCounted() {
        let sent = SentLines()
        let output = LogOutput(format: .journalEntries) { line in
            guard !String(decoding: line, as: UTF8.self).contains("MESSAGE=refused") else { return false }
            sent.take(line)
            return true
        }
        let logger = Logger(label: "") { JournalLogHandler(label: $0, output: output) }
        logger.info("refused")
        #expect(output.queue.flush(within: .seconds(10), patience: .seconds(10)) == 0)
        #expect(sent.entries(of: output).map { $0["LOST_LINES"] + $0["PRIORITY"] } == [["1", "4"]])
    }

    @Test func eachThreadsLinesStayInOrder() async {
        let sent = SentLines()
        let (logger, output) = logger(sent)
        await withTaskGroup { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<2000 { logger.info("\(task) \(number)") }
                }
            }
        }
        let lines = sent.text(of: output).split(separator: "\n").map { $0.dropFirst(3).split(separator: " ") }
        #expect(lines.count == 8000)
        for task in 0..<4 {
            #expect(lines.filter { $0[0] == "\(task)" }.map { $0[1] } == (0..<2000).map { "\($0)" })
        }
    }

    @Test func loggingNeverWaitsForTheSender() {
        let sent = SentLines(held: true)
        let (logger, output) = logger(sent)
        let done = DispatchSemaphore(value: 0)
        // More than fit, while nothing is taken; on a thread of its own, because a wait would be for ever.
        let started = SenderThread.start {
            for number in 0..<20_000 { logger.info("\(number)") }
            done.signal()
        }
        #expect(started)
        #expect(done.wait(timeout: .now() + 30) == .success)
        #expect(output.queue.flush(within: .milliseconds(50), patience: .seconds(1)) == 20_000)
        sent.letThrough(20_000)
        #expect(output.queue.flush(within: .seconds(10), patience: .seconds(10)) == 0)
    }

    @Test func aFlushEndsSoonWhereNothingMoves() {
        let sent = SentLines(held: true)
        let (logger, output) = logger(sent)
        logger.info("0")
        #expect(sent.waitForSender())
        let start = ContinuousClock.now
        #expect(output.queue.flush(within: .seconds(60), patience: .milliseconds(20)) == 1)
        #expect(ContinuousClock.now - start < .seconds(30))
        sent.letThrough(1)
        #expect(output.queue.flush(within: .seconds(10), patience: .seconds(10)) == 0)
    }

    @Test func aFlushThatGivesUpCountsWhatIsLostBetweenWaitingLinesToo() {
        let sent = SentLines(held: true)
        let (logger, output) = logger(sent, limits: .init(lines: 2))
        logger.info("0")
        #expect(sent.waitForSender())
        for number in 1...5 { logger.info("\(number)") }
        sent.letThrough(1)
        #expect(sent.waitForSender())
        // Fits, with four lost before it.
        logger.info("6")
        #expect(output.queue.flush(within: .milliseconds(50), patience: .seconds(1)) == 6)
        sent.letThrough(100)
        #expect(output.queue.flush(within: .seconds(10), patience: .seconds(10)) == 0)
    }

    @Test func aDescriptionMayLog() {
        struct Talkative: CustomStringConvertible, Sendable {
            let logger: Logger
            var description: String {
                logger.info("inner")
                return "value"
            }
        }
        let sent = SentLines()
        let (logger, output) = logger(sent)
        logger.info("outer", metadata: ["a": .stringConvertible(Talkative(logger: logger))])
        #expect(sent.text(of: output) == "<6>inner\n<6>outer a=value\n")
    }
}
