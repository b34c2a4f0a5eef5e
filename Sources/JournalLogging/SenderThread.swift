#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The thread that sends log lines. It handles no signals: those are for the threads that know about them.
enum SenderThread {
    /// Starts the thread, which runs `body`.
    ///
    /// - Returns: Whether the system had a thread to give.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        // The thread inherits the mask.
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return create(Unmanaged.passRetained(Work(body)))
    }

    private static func create(_ work: Unmanaged<Work>) -> Bool {
        #if canImport(Darwin)
        var thread: pthread_t?
        let result = pthread_create(&thread, nil, { SenderThread.run($0) }, work.toOpaque())
        #else
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, { SenderThread.run($0) }, work.toOpaque())
        #endif
        guard result == 0 else {
            work.release()
            return false
        }
        #if canImport(Darwin)
        if let thread { pthread_detach(thread) }
        #else
        pthread_detach(thread)
        #endif
        return true
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func run(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let work else { return nil }
        setName("log-sender")
        Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
        return nil
    }

    /// Names the calling thread, for ps(1) and debuggers; nothing depends on it.
    private static func setName(_ name: StaticString) {
        #if canImport(Darwin)
        pthread_setname_np(name.utf8Start)
        #else
        // pthread_setname_np(3) is not in Swift's module of the C library.
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name.utf8Start, name.utf8CodeUnitCount)
        close(file)
        #endif
    }
}
