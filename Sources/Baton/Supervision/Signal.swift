#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A signal, by its number, with its name.
package struct Signal: Sendable, Hashable, CustomStringConvertible {
    /// The number.
    package let number: CInt

    package init(number: CInt) {
        self.number = number
    }

    /// A signal by its name, as `TERM`, `SIGTERM` or `term`; nil for what is none.
    package init?(name: String) {
        var short = name.uppercased()
        if short.hasPrefix("SIG") { short.removeFirst(3) }
        guard let number = Self.numbers.first(where: { $0.name == short })?.number else { return nil }
        self.number = number
    }

    /// The name without `SIG`, as `TERM`; the number where there is none.
    package var description: String {
        Self.numbers.first { $0.number == number }?.name ?? "\(number)"
    }

    package static let term = Signal(number: SIGTERM)
    package static let int = Signal(number: SIGINT)
    package static let quit = Signal(number: SIGQUIT)
    package static let kill = Signal(number: SIGKILL)
    package static let hup = Signal(number: SIGHUP)

    /// The signals' names, as kill(1) lists them.
    package static let names = numbers.map(\.name)

    private static let numbers: [(name: String, number: CInt)] = [
        ("HUP", SIGHUP), ("INT", SIGINT), ("QUIT", SIGQUIT), ("ILL", SIGILL), ("TRAP", SIGTRAP), ("ABRT", SIGABRT),
        ("BUS", SIGBUS), ("FPE", SIGFPE), ("KILL", SIGKILL), ("USR1", SIGUSR1), ("SEGV", SIGSEGV), ("USR2", SIGUSR2),
        ("PIPE", SIGPIPE), ("ALRM", SIGALRM), ("TERM", SIGTERM), ("CHLD", SIGCHLD), ("CONT", SIGCONT),
        ("STOP", SIGSTOP), ("TSTP", SIGTSTP), ("TTIN", SIGTTIN), ("TTOU", SIGTTOU), ("URG", SIGURG),
        ("XCPU", SIGXCPU), ("XFSZ", SIGXFSZ), ("VTALRM", SIGVTALRM), ("PROF", SIGPROF), ("WINCH", SIGWINCH),
        ("IO", SIGIO), ("SYS", SIGSYS),
    ]
}
