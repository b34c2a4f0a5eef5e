internal import Synchronization

/// A value that one thread at a time has: `Synchronization.Mutex`, safe to use in asynchronous functions, too.
///
/// A mutex of Linux' `Synchronization` knows its owner by a thread-local variable. Where the optimizer (Swift 6.3, release
/// builds) inlines locking into an asynchronous function, it computes the address of that variable once and keeps it over an
/// `await`, after which the function may be on another thread: the lock is taken in the name of one thread and given back by
/// another, and the program ends with "Call to unlock Mutex on a thread which hasn't acquired the lock". So here locking is never
/// inlined.
package struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    private let mutex: Mutex<Value>

    package init(_ value: consuming sending Value) {
        mutex = Mutex(value)
    }

    /// Calls `body` with the value, while nobody else has it.
    @inline(never)
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock(body)
    }
}
