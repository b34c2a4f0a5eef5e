// The cost of a log line by JournalLogHandler, with the fields that journal-benchmark-c sends.
//
// usage: journal-benchmark BURSTS LINES PAUSE
// PAUSE is what lies between two bursts, in microseconds; 0: until all lines of the burst have been sent, because the
// queue must not overflow (a lost line costs less).
// Prints three numbers, in microseconds a line: the logging thread's time, the time until all is sent, processor time.
import Glibc
import JournalLogging
import Logging

func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

func fail(_ message: String, status: CInt) -> Never {
    _ = "\(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(status)
}

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard numbers.count == 3, numbers[0] > 0, numbers[1] > 0, 0..<1_000_000 ~= numbers[2] else {
    fail("usage: journal-benchmark BURSTS LINES PAUSE", status: EX_USAGE)
}
let (bursts, lines, pause) = (numbers[0], numbers[1], UInt32(numbers[2]))

LoggingSystem.bootstrap { JournalLogHandler(label: $0) }
let logger = Logger(label: "benchmark")
let clock = ContinuousClock()

func logLine(_ logger: Logger, number: Int) {
    logger.info(
        "request \(number) answered",
        metadata: [
            "request_id": "\(number)",
            "method": "GET",
            "path": "/articles/graceful-restart",
            "status": "200",
            "duration_ms": "\(number % 100)",
        ]
    )
}

func flush() {
    guard JournalLogHandler.flush(within: .seconds(30)) else {
        fail("the journal has not taken all lines within 30 s", status: EXIT_FAILURE)
    }
}

let processorStart = processorTime()
var (logging, all) = (Duration.zero, Duration.zero)
for burst in 0..<bursts {
    let start = clock.now
    for line in 0..<lines { logLine(logger, number: burst * lines + line) }
    logging += clock.now - start
    if pause > 0 { usleep(pause) } else { flush() }
    all += clock.now - start
}
flush()
let used = processorTime() - processorStart

func microsecondsPerLine(_ duration: Duration) -> String {
    let nanoseconds = Int(duration / .nanoseconds(1)) / (bursts * lines)
    return "\(nanoseconds / 1000).\(String(1000 + nanoseconds % 1000).dropFirst())"
}
print(microsecondsPerLine(logging), microsecondsPerLine(all), microsecondsPerLine(used))
