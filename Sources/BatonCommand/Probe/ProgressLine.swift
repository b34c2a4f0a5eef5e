#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Says on standard error how far a run is: one line that changes on a terminal, else a line every few seconds.
struct ProgressLine: Sendable {
    let run: ProbeRun
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// Until the task is cancelled.
    func show() async {
        while (try? await Task.sleep(for: isTerminal ? .milliseconds(250) : .seconds(5))) != nil {
            Self.write(isTerminal ? "\r\(text)\u{1b}[K" : text + "\n")
        }
        if isTerminal { Self.write("\r\u{1b}[K") }
    }

    private var text: String {
        let (requests, failures, restarts) = run.ledger.progress
        var parts = [
            NumberText.seconds(run.clock.now.inSeconds), NumberText.count(requests, "request"),
            "\(NumberText.count(failures)) failed",
        ]
        if case .restarts(let plan) = run.plan.load { parts.append("restart \(restarts) of \(plan.count)") }
        return parts.joined(separator: ", ")
    }

    private static func write(_ text: String) {
        Array(text.utf8).withUnsafeBytes {
            // Progress that cannot be shown is no reason to stop.
            #if canImport(Darwin)
            _ = Darwin.write(STDERR_FILENO, $0.baseAddress, $0.count)
            #elseif canImport(Glibc)
            _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            #else
            _ = Musl.write(STDERR_FILENO, $0.baseAddress, $0.count)
            #endif
        }
    }
}
