/// How a process ended, as wait(2) tells.
package struct ProcessEnd: Sendable, Hashable, CustomStringConvertible {
    /// The status as wait(2) gives it, which is also what Server::Starter prints.
    package let status: CInt

    package init(status: CInt) {
        self.status = status
    }

    /// The exit status, or nil if a signal ended it. WIFEXITED(3) and its like are macros.
    package var exitStatus: CInt? { status & 0x7F == 0 ? (status >> 8) & 0xFF : nil }

    /// As in `exited with status 1` or `was ended by SIGSEGV`.
    package var description: String {
        exitStatus.map { "exited with status \($0)" } ?? "was ended by SIG\(Signal(number: status & 0x7F))"
    }
}
