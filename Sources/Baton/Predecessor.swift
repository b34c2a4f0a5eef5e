internal import CProcess
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The process that has started this one as its successor, and still serves: what the two say to each other.
///
/// They have a pair of connected sockets. The successor says that it is ready, which it is when it accepts connections; the
/// predecessor, that the service is the successor's. The end of either is the end of the connection.
package final class Predecessor: Sendable {
    /// Names the successor's end: `NUMBER held` or `NUMBER own`.
    static let variable = "BATON_PREDECESSOR"
    /// Somebody else than these two holds the sockets.
    static let held = "held"
    /// Nobody else holds the sockets.
    static let own = "own"

    /// What is said, a byte each.
    enum Word {
        static let ready = UInt8(ascii: "r")
        static let goOn = UInt8(ascii: "g")
        static let goOnAndAgain = UInt8(ascii: "a")
    }

    /// What the predecessor has said.
    package enum Answer: Sendable, Hashable {
        /// Nothing yet.
        case nothing
        /// The service is this process's. If `again`, another restart was asked for meanwhile, which is to follow.
        case goOn(again: Bool)
        /// The predecessor has ended without a word, so the service is this process's, too.
        case isGone
    }

    /// Whether somebody else holds the sockets.
    package let isSocketHeld: Bool
    private let channel: OwnedDescriptor

    init(channel: consuming OwnedDescriptor, isSocketHeld: Bool) {
        self.channel = channel
        self.isSocketHeld = isSocketHeld
    }

    /// Takes the predecessor's variable out of the environment. Call it before other threads exist, and before the sockets are
    /// taken.
    ///
    /// - Returns: The predecessor, or nil if there is none, or it has started another process (`LISTEN_PID`).
    /// - Throws: `ActivationError.Code.badEnvironment`. The variable is cleared all the same.
    static func take() throws(ActivationError) -> Predecessor? {
        guard let value = environmentValue(variable) else { return nil }
        unsetenv(variable)
        guard environmentValue("LISTEN_PID") == "\(getpid())" else { return nil }
        if !ServiceNotifier.isBuiltIn {
            // Nobody else takes them then.
            for name in PassedSockets.variables where name.hasPrefix("LISTEN_") { unsetenv(name) }
        }
        let parts = value.split(separator: " ")
        guard parts.count == 2, let descriptor = CInt(parts[0]), descriptor > 2, [held, own].contains(String(parts[1]))
        else {
            throw malformed(value, "a descriptor's number and one of '\(held)' and '\(own)' are needed")
        }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw malformed(value, "descriptor \(descriptor) is not open")
        }
        return Predecessor(channel: OwnedDescriptor(descriptor), isSocketHeld: parts[1] == held)
    }

    private static func malformed(_ value: String, _ reason: String) -> ActivationError {
        ActivationError(
            .badEnvironment,
            "\(variable)='\(value)': \(reason); a process sets it for its successor, and nobody else should: unset it"
        )
    }

    /// Says that this process accepts connections.
    package func tellReady() {
        channel.withDescriptor { descriptor in
            var word = Word.ready
            // One that is gone is noticed when its answer is waited for.
            _ = cprocess_send(descriptor, &word, 1, nil, 0)
        }
    }

    /// What it has said. Does not wait: ``withDescriptor(_:)`` has the descriptor that becomes readable when there is something.
    package func answer() -> Answer {
        channel.withDescriptor { descriptor in
            var word: UInt8 = 0
            var count = 0
            repeat { count = read(descriptor, &word, 1) } while count < 0 && errno == EINTR
            if count < 0, errno == EAGAIN { return .nothing }
            guard count == 1 else { return .isGone }
            return .goOn(again: word == Word.goOnAndAgain)
        }
    }

    /// Lends the descriptor that becomes readable when there is an ``answer()``.
    package func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        channel.withDescriptor(body)
    }
}
