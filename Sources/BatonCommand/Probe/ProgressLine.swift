#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Says on standard error how far a run is, in one line that changes; says nothing where that is no terminal.
struct ProgressLine: Sendable {
    let run: ProbeRun
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// Until the task is cancelled.
    func show() async {
        guard isTerminal else { return }
        var text = ProgressText(run.plan.load)
        while (try? await Task.sleep(for: .milliseconds(250))) != nil {
            let line = text.text(run.ledger.progress, at: run.clock.now)
            Self.write("\r\(line.prefix(Self.columns - 1))\u{1b}[K")
        }
        Self.write("\r\u{1b}[K")
    }

    /// A line that is wider goes on in the next one, and then stands there for good.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
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
