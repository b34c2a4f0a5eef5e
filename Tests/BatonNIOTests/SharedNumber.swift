import Synchronization

/// A number that several tasks share.
final class SharedNumber: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func set(_ value: Int) { number.withLock { $0 = value } }
    func add(_ value: Int) { number.withLock { $0 += value } }
}
