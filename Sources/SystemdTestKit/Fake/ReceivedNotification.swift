/// One message to the service manager, as it came: see sd_notify(3).
public struct ReceivedNotification: Sendable, Hashable, CustomStringConvertible {
    /// One line of a message.
    public struct Assignment: Sendable, Hashable {
        /// What stands before the first `=`; the whole line, if there is none.
        public let name: String
        /// What stands behind it.
        public let value: String
    }

    /// The lines, in their order.
    public let assignments: [Assignment]
    /// The process that sent it, as the kernel says; nil where it does not, as on macOS.
    public let sender: CInt?
    /// How many descriptors came with it.
    public let descriptorCount: Int
    /// When it was read, at once after it had come.
    public let time: ContinuousClock.Instant

    init(text: String, sender: CInt?, descriptorCount: Int, time: ContinuousClock.Instant) {
        assignments = text.split(separator: "\n").map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Assignment(name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
        }
        self.sender = sender
        self.descriptorCount = descriptorCount
        self.time = time
    }

    /// The value of an assignment, or nil if there is none of that name; of several the last one.
    public subscript(name: String) -> String? {
        assignments.last { $0.name == name }?.value
    }

    /// `READY=1`.
    public var isReady: Bool { self["READY"] == "1" }
    /// `RELOADING=1`.
    public var isReloading: Bool { self["RELOADING"] == "1" }
    /// `STOPPING=1`.
    public var isStopping: Bool { self["STOPPING"] == "1" }
    /// `STATUS=`: what `systemctl status` would show.
    public var status: String? { self["STATUS"] }

    /// Nothing but `WATCHDOG=1`.
    var isPing: Bool { assignments == [Assignment(name: "WATCHDOG", value: "1")] }

    /// The lines in one, as in `READY=1 STATUS=serving`.
    public var description: String {
        assignments.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }
}
