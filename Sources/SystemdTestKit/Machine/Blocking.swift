internal import Foundation

/// Runs `work` on a thread of its own, because calls that wait in the kernel must not hold up the few
/// threads on which the tests' tasks run; those of Dispatch's queues are few, too.
package func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try work() })
        }
    }
}
