import ArgumentParser
import UnixSignals

/// The signal of `--restart-signal`.
struct RestartSignal: CustomStringConvertible {
    let description: String
    let signal: UnixSignal

    /// - Parameter text: The signal's name, with or without SIG.
    init(_ text: String) throws {
        let name = text.hasPrefix("SIG") ? String(text.dropFirst("SIG".count)) : text
        switch name {
        case "USR1": signal = .sigusr1
        case "USR2": signal = .sigusr2
        default: throw ValidationError("it is USR1 or USR2; other signals have a meaning already")
        }
        description = name
    }
}
