import Glibc

/// One argument: `NAME` or `NAME=VALUE`.
struct Word: CustomStringConvertible {
    let description: String
    let name: String
    let value: String

    init(_ text: String) {
        description = text
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts[0])
        value = parts.count > 1 ? String(parts[1]) : ""
    }

    /// The value as a number.
    func number<Number: FixedWidthInteger>() throws -> Number {
        guard let number = Number(value) else { throw SpeakerError("\(description): not a number") }
        return number
    }

    /// The value as milliseconds.
    func duration() throws -> Duration { .milliseconds(try number() as Int) }

    /// The two parts of a value `NAME:REST`.
    func pair() throws -> (name: String, rest: String) {
        let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw SpeakerError("\(description): NAME:REST is needed") }
        return (parts[0], parts[1])
    }

    /// The value as a signal.
    var signal: CInt? { ["TERM": SIGTERM, "HUP": SIGHUP, "USR1": SIGUSR1][value] }
}

/// A word that cannot be obeyed.
struct SpeakerError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Writes a line to standard output, at once.
func say(_ line: String) {
    _ = "\(line)\n".withCString { write(STDOUT_FILENO, $0, strlen($0)) }
}
