import CProcess

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

    /// How long the calling thread was ready to run and had no processor: the second number of `/proc/PID/schedstat`, in
    /// nanoseconds (sched-stats.rst of the kernel). Zero where the kernel does not say.
    static var waitOfThread: Duration {
        guard let text = try? SmallFile.read("/proc/thread-self/schedstat") else { return .zero }
        let numbers = text.split { $0 == " " || $0 == "\n" }
        return numbers.count > 1 ? .nanoseconds(Int64(numbers[1]) ?? 0) : .zero
    }

    private static func time(_ clock: clockid_t) -> Duration { .nanoseconds(max(0, cprocess_clock(CInt(clock)))) }
}
