#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The processor time, user and system, that was used so far: clock_gettime(3).
enum ProcessorTime {
    /// By this process, without its children.
    static var ofProcess: Duration { time(CLOCK_PROCESS_CPUTIME_ID) }

    /// By the calling thread.
    static var ofThread: Duration { time(CLOCK_THREAD_CPUTIME_ID) }

    private static func time(_ clock: clockid_t) -> Duration {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return .zero }
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}
