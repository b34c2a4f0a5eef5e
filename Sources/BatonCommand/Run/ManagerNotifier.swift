import SystemPackage
import Systemd

/// Tells the service manager how the service is, without ever waiting: what finds no room is told a little later, in order.
struct ManagerNotifier {
    private struct Message {
        var text: String
        var descriptors: [CInt]

        /// Whether a later one says the same, or something newer.
        var isPassing: Bool {
            descriptors.isEmpty
                && text.split(separator: "\n").allSatisfy { $0.hasPrefix("STATUS=") || $0 == "WATCHDOG=1" }
        }
    }

    /// More than can be of interest; then the oldest is dropped, and before it what others make up for.
    private static let most = 64

    private let notifier: ServiceNotifier
    private var waiting: [Message] = []
    private let closing: (CInt) -> Void

    /// - Parameter closing: Closes a descriptor that has been sent.
    init(_ notifier: ServiceNotifier, closing: @escaping (CInt) -> Void) {
        self.notifier = notifier
        self.closing = closing
    }

    /// Whether something waits for room.
    var isWaiting: Bool { !waiting.isEmpty }

    /// - Parameter descriptors: Are closed when they have been sent.
    mutating func send(_ text: String, descriptors: [CInt] = []) {
        waiting.append(Message(text: text, descriptors: descriptors))
        if waiting.count > Self.most {
            waiting.remove(at: waiting.firstIndex(where: \.isPassing) ?? 0).descriptors.forEach(closing)
        }
        flush()
    }

    mutating func flush() {
        while let message = waiting.first {
            let outcome = notifier.forward(message.text, descriptors: message.descriptors, within: .zero)
            if outcome == .failed(.timedOut) || outcome == .failed(.resourceTemporarilyUnavailable) { return }
            message.descriptors.forEach(closing)
            waiting.removeFirst()
        }
    }
}
