internal import CProcess
internal import SystemPackage

/// A thread for what must not wait for the cooperative pool or an event loop, nor keep one of them waiting.
enum DetachedThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts it; it ends when `body` returns.
    ///
    /// - Parameters:
    ///   - name: For ps(1) and debuggers; 15 bytes of it at most.
    ///   - body: Called on the thread.
    /// - Throws: The error of `pthread_create(3)`: too many threads (`TasksMax=` of the unit).
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let retained = Unmanaged.passRetained(Body(body))
        let result = cprocess_start_thread(
            name,
            { argument in
                guard let argument else { return }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            },
            retained.toOpaque()
        )
        guard result == 0 else {
            retained.release()
            throw Errno(rawValue: -result)
        }
    }
}
