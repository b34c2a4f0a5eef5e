import Dispatch
import Logging
import Synchronization

@testable import JournalLogging

/// What a logger has sent, and a door by which the test holds the sender up.
final class SentLines: Sendable {
    private let lines = Mutex<[[UInt8]]>([])
    private let door: DispatchSemaphore?
    private let waiting = DispatchSemaphore(value: 0)

    /// - Parameter held: Whether each line waits for ``letThrough(_:)``.
    init(held: Bool = false) {
        door = held ? DispatchSemaphore(value: 0) : nil
    }

    func output(_ format: LogFormat, limits: LogQueue.Limits = LogQueue.Limits()) -> LogOutput {
        LogOutput(format: format, limits: limits) { line in
            self.waiting.signal()
            self.door?.wait()
            self.take(line)
            return true
        }
    }

    func take(_ line: UnsafeRawBufferPointer) {
        lines.withLock { $0.append(Array(line)) }
    }

    /// Waits until the sender has a line in hand.
    func waitForSender() -> Bool {
        waiting.wait(timeout: .now() + 10) == .success
    }

    func letThrough(_ count: Int) {
        for _ in 0..<count { door?.signal() }
    }

    /// Everything, once the queue is empty.
    func all(of output: LogOutput) -> [[UInt8]] {
        output.queue.flush(within: .seconds(10), patience: .seconds(10)) == 0 ? lines.withLock { $0 } : []
    }

    func text(of output: LogOutput) -> String {
        String(decoding: all(of: output).joined(), as: UTF8.self)
    }

    /// The fields of each entry, in order.
    func entries(of output: LogOutput) -> [[JournalFieldText]] {
        all(of: output).map { entry in
            entry.withUnsafeBytes { JournalEntry.Fields($0).map { JournalFieldText(Array($0)) } }
        }
    }
}

/// One field of an entry.
struct JournalFieldText: Hashable, CustomStringConvertible {
    let name: String
    let value: [UInt8]

    init(_ field: [UInt8]) {
        let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        name = String(decoding: parts[0], as: UTF8.self)
        value = Array(parts[1])
    }

    init(_ name: String, _ value: String) {
        (self.name, self.value) = (name, Array(value.utf8))
    }

    var description: String { "\(name)=\(String(decoding: value, as: UTF8.self))" }
}

extension [JournalFieldText] {
    /// The values of a field as text.
    subscript(name: String) -> [String] {
        filter { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
    }
}
